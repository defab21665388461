#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/publication/publication.h"
#include "base/clock.h"
#include "collectors/observation/observation.h"

namespace proctor {

using Collectors = std::vector<std::unique_ptr<Collector>>;

/// One look at one target by every collector that its rule asks for and that applies; `without_goroutines` leaves out
/// the dearest of them, and says so. Adds the time that each took to `durations`, by collector.
Observation look_at(const Target& target, const Collectors& collectors, const Clock& clock, bool without_goroutines,
                    std::map<std::string, DurationHistogram>& durations);

/// Adds what a look could not take in, by reason: "vanished" in its midst, "torn", "descriptor_cap".
void count_skipped(const Observation& look, std::map<std::string, std::uint64_t>& skipped);

}  // namespace proctor
