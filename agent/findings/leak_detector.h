#pragma once

#include <optional>

#include "agent/findings/finding.h"
#include "agent/ledger/population_ledger.h"
#include "config/config.h"

namespace proctor {

/// When a process is looked at, for rules that depend on its age.
struct Instant {
  MonotonicTime now{};
  WallTime wall{};
  MonotonicTime process_start{};
};

/// Whether members of this site arrive and never depart. Of those that arrived in the window and had time to leave, at
/// least `min_arrivals` must have stayed, spread over the window, the earliest as many as the latest, with hardly any
/// older member leaving. Or, for a leak of a few an hour: the least that a window held has risen for eight windows and
/// more, and hardly anybody left. So a busy site, a burst, a backlog that drains in order, and a pool that was filled
/// while the process warmed up are none.
std::optional<Finding> detect_leak(PopulationKind kind, const SiteGrowth& growth, const FindingsConfig& config,
                                   const Instant& instant);

}  // namespace proctor
