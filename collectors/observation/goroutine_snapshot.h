#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "collectors/sites/site.h"

namespace proctor {

/// As `state` shows it. dead goroutines kept for reuse are not goroutines.
enum class GoroutineState : std::uint8_t { runnable, running, syscall, waiting, preempted, copying_stack, leaked };

std::string_view to_string(GoroutineState state);

/// One goroutine at one instant.
struct GoroutineSample {
  std::uint64_t goid = 0;
  std::uint32_t site = 0;  // index into GoroutineSnapshot::sites
  GoroutineState state{};
  bool system = false;                         // one that runtime.NumGoroutine() leaves out
  std::uint8_t wait_token = 0;                 // changes each time it leaves the running state (g.trackingSeq)
  Bytes stack{};                               // stack.hi - stack.lo
  std::optional<MonotonicTime> waiting_since;  // a late bound, set by the runtime's collector; absent before one ran
};

/// The goroutines of one process.
struct GoroutineSnapshot {
  std::string runtime_version;  // "go1.26.8"
  std::vector<SiteRef> sites;   // site.state and site.reason in the words of the runtime
  std::vector<GoroutineSample> goroutines;
  /// What runtime.NumGoroutine() would return: from the runtime's own counters.
  std::uint64_t user_count = 0;
  /// goid generator minus what processors hold in reserve; a counter that never falls. Absent where not exact.
  std::optional<std::uint64_t> created_total;
  std::uint64_t torn = 0;  // changed while read; state known, stack not
};

}  // namespace proctor
