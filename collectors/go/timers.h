#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "base/units.h"
#include "collectors/go/go_process.h"

namespace proctor {

/// A timer that is set, as its processor lists it.
struct TimerEntry {
  RemoteAddress timer{};  // runtime.timer
  std::int64_t when = 0;  // CLOCK_MONOTONIC, nanoseconds; 0 before Go 1.23, where only the timer itself tells
};

/// What a timer is about to do.
struct GoTimer {
  Nanoseconds period{};      // 0 for one that fires once
  RemoteAddress function{};  // the runtime calls: time.sendTime, time.goFunc, ...
  RemoteAddress called{};    // of time.goFunc, what the program gave to time.AfterFunc; else 0
  bool dead = false;         // it is stopped, but still in the list
};

/// Where a processor keeps its timers.
struct TimerList {
  RemoteAddress processor{};  // runtime.p
  RemoteAddress begin{};
  std::uint64_t length = 0;
};

/// One for each processor. Errors: layout_mismatch, and those of the reads.
Result<std::vector<TimerList>> timer_lists(const GoProcess& process);

/// The timers of all processors; those that moved while they were read may be missing or twice. Errors:
/// layout_mismatch, limit_reached above 500,000.
Result<std::vector<TimerEntry>> list_timers(const GoProcess& process);

/// Each of these, in their order. One that could not be read is dead.
Result<std::vector<GoTimer>> read_timers(const GoProcess& process, std::span<const RemoteAddress> timers);

}  // namespace proctor
