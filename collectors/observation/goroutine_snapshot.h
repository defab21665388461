#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "collectors/go/channel.h"
#include "collectors/go/context_deadline.h"
#include "collectors/go/function_table.h"
#include "collectors/go/profile_labels.h"
#include "collectors/sites/site.h"

namespace proctor {

/// As `state` shows it. dead goroutines kept for reuse are not goroutines.
enum class GoroutineState : std::uint8_t { runnable, running, syscall, waiting, preempted, copying_stack, leaked };

std::string_view to_string(GoroutineState state);

/// A stack as the runtime itself would show it, whole.
struct GoroutineStack {
  /// By physical frame, innermost first: each holds the calls that were inlined into it before itself. Shared by all
  /// stacks that stand there.
  std::vector<std::shared_ptr<const std::vector<GoFrame>>> calls;
  RemoteAddress end{};  // the return into runtime.goexit; 0 where the stack does not end there
  GoFrame created_by;   // no function where it is not known
};

/// One goroutine at one instant.
struct GoroutineSample {
  std::uint64_t goid = 0;
  std::uint64_t parent_goid = 0;   // who created it; 0 before Go 1.21
  RemoteAddress object{};          // what it waits for: see CapturedGoroutine; 0 where not known
  std::optional<std::int32_t> fd;  // that it waits for in "IO wait"
  RemoteAddress context{};         // the context that it holds; 0 for none
  std::optional<WallTime> context_deadline;
  ContextEnd context_end{};  // of the context that has the deadline
  std::optional<ContextKind> context_kind;
  std::uint32_t site = 0;         // index into GoroutineSnapshot::sites
  std::uint32_t stack_index = 0;  // into GoroutineSnapshot::stacks
  std::uint32_t labels = 0;       // into GoroutineSnapshot::labels, the first of which has none
  GoroutineState state{};
  bool locked_to_thread = false;
  bool system = false;                         // one that runtime.NumGoroutine() leaves out
  std::uint8_t wait_token = 0;                 // changes each time it leaves the running state (g.trackingSeq)
  Bytes stack{};                               // stack.hi - stack.lo
  std::optional<MonotonicTime> waiting_since;  // a late bound, set by the runtime's collector; absent before one ran
};

/// A goroutine whose code has locked a lock where it stands, and not unlocked it.
struct LockHolder {
  std::uint32_t goroutine = 0;  // index into GoroutineSnapshot::goroutines
  std::uint32_t call = 0;       // that has locked it: index into GoroutineStack::calls
};

/// Those that wait for one lock, in the order in which they came; at least the first of them.
struct GoLockQueue {
  RemoteAddress semaphore{};           // in the lock
  std::vector<std::uint32_t> waiters;  // indices into GoroutineSnapshot::goroutines
  /// Of a lock that is at no fixed address, those only that wait for it as well.
  std::vector<LockHolder> holders;
};

/// What a function has locked where it stands.
struct HeldSides {
  bool whole = false;    // a sync.Mutex, or a sync.RWMutex for writing
  bool reading = false;  // a sync.RWMutex for reading
};

/// A goroutine that has locked something.
struct LockingGoroutine {
  std::uint32_t goroutine = 0;  // index into GoroutineSnapshot::goroutines
  HeldSides held;
};

/// A goroutine that waits although the context that it holds was cancelled.
struct CancelledWait {
  std::uint32_t goroutine = 0;  // index into GoroutineSnapshot::goroutines
  WallTime seen_at{};           // when that was first seen; it may have been cancelled before
  friend bool operator==(const CancelledWait&, const CancelledWait&) = default;
};

/// The goroutines of one process.
struct GoroutineSnapshot {
  std::string runtime_version;      // "go1.26.8"
  bool traces_show_labels = false;  // tracebacks of this process do
  std::vector<SiteRef> sites;       // site.state and site.reason in the words of the runtime
  std::vector<std::shared_ptr<const GoroutineStack>> stacks;
  std::vector<std::shared_ptr<const ProfileLabels>> labels;
  /// Of the first member of each site that waits for any, by address; bounded.
  std::vector<GoChannel> channels;
  std::map<std::uint32_t, std::vector<RemoteAddress>> selects;  // by site: the channels of its first member
  std::vector<GoLockQueue> lock_queues;  // of mutexes, RWMutexes and groups; empty where they cannot be read
  /// Those that wait between locking and unlocking, as their code tells, whichever lock it is; where some wait for one.
  std::vector<LockingGoroutine> locking;
  std::vector<GoroutineSample> goroutines;
  std::vector<CancelledWait> cancelled;  // ascending; the contexts of many goroutines are read by turns
  /// What runtime.NumGoroutine() would return: from the runtime's own counters.
  std::uint64_t user_count = 0;
  /// goid generator minus what processors hold in reserve; a counter that never falls. Absent where not exact.
  std::optional<std::uint64_t> created_total;
  std::uint64_t torn = 0;  // changed while read; state known, stack not
};

}  // namespace proctor
