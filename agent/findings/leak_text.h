#pragma once

#include <string>
#include <string_view>

#include "agent/findings/finding.h"
#include "agent/ledger/population.h"

namespace proctor {

/// The last element of a path.
std::string_view base_name(std::string_view path);

/// "24 goroutines arrived at main.send (main.go:52, chan send) in 30 s and stayed: 0.8 per second; ..."
std::string leak_sentence(PopulationKind kind, const Finding& finding, Nanoseconds span);

/// The same of a leak that took many windows to show.
std::string slow_leak_sentence(PopulationKind kind, const Finding& finding, Nanoseconds span);

/// A site in one phrase: function, file and line, and what is waited for, as far as they are known.
std::string place_of(const Site& site);

/// What to look for in the code, from what the members wait for.
std::string leak_advice(PopulationKind kind, const Site& site);

}  // namespace proctor
