#pragma once

#include <cstdint>
#include <vector>

#include "base/address.h"
#include "collectors/sites/site.h"

namespace proctor {

/// A timer of a Go runtime that is set.
struct TimerSample {
  RemoteAddress timer{};
  std::uint32_t site = 0;  // index into TimerSnapshot::sites
};

/// The timers of one process. site.reason says what they do when they fire: "ticker", "channel", "call", "context",
/// "sleep", "deadline"; site.user is the function that is called, site.name the period of a ticker.
struct TimerSnapshot {
  std::vector<SiteRef> sites;
  std::vector<TimerSample> timers;
};

}  // namespace proctor
