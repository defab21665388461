#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "collectors/go/runtime_figures.h"
#include "collectors/observation/contention_snapshot.h"
#include "collectors/observation/context_snapshot.h"
#include "collectors/observation/cpu_snapshot.h"
#include "collectors/observation/fd_snapshot.h"
#include "collectors/observation/goroutine_snapshot.h"
#include "collectors/observation/growth_snapshot.h"
#include "collectors/observation/heap_snapshot.h"
#include "collectors/observation/jvm_snapshot.h"
#include "collectors/observation/lock_snapshot.h"
#include "collectors/observation/memory_snapshot.h"
#include "collectors/observation/thread_snapshot.h"
#include "collectors/observation/timer_snapshot.h"
#include "collectors/observation/unreachable_snapshot.h"
#include "collectors/select/target.h"

namespace proctor {

/// One aspect of one look: a snapshot or the reason why there is none. Shared, so that an unchanged part is
/// the same object as in the look before. Absent where the collector was not asked for or does not apply.
template <typename Snapshot>
using Part = std::optional<Result<std::shared_ptr<const Snapshot>>>;

/// A child process, for the population of that name.
struct ChildSample {
  Pid pid{};
  StartTime start_time{};
  std::string comm;
  bool zombie = false;
};

/// All that one look at one target saw.
struct Observation {
  TargetDescription target;
  WallTime taken_at{};
  MonotonicTime sampled_at{};
  Nanoseconds duration{};
  Nanoseconds stopped{};  // sum of the stops of its threads; 0 for all collectors that never stop
  Part<ThreadSnapshot> threads;
  std::optional<CgroupThreads> cgroup_threads;  // absent where no cgroup limits them
  Part<MemorySnapshot> memory;
  Part<MappingSnapshot> mappings;
  Part<GrowthSnapshot> growth;  // only where the rule asks for it, and never of a Go program, whose runtime samples
  Part<FdSnapshot> fds;
  Part<CpuSnapshot> cpu;
  Part<GoroutineSnapshot> goroutines;
  Part<UnreachableSnapshot> unreachable;  // as old as it says
  Part<ContextSnapshot> contexts;         // likewise
  Part<GoRuntimeFigures> go_runtime;
  Part<TimerSnapshot> timers;
  Part<HeapSnapshot> heap;
  Part<ContentionSnapshot> blocking;   // the runtime's own profiles: where goroutines waited,
  Part<ContentionSnapshot> contended;  // and who held the locks that others waited for
  Part<LockSnapshot> locks;
  Part<JvmSnapshot> jvm;
  std::vector<ChildSample> children;
};

/// One aspect. A collector keeps what it needs between looks (caches by target), and never stops a target.
class Collector {
 public:
  virtual ~Collector() = default;
  /// As in the configuration and the label `collector`.
  virtual std::string_view name() const = 0;
  virtual bool applies_to(const TargetDescription& target) const = 0;
  /// Fills its parts of `observation`.
  virtual void observe(const Target& target, Observation& observation) = 0;
  /// The target has ended: drop what was kept for it.
  virtual void forget(const TargetIdentity& target) = 0;
};

}  // namespace proctor
