#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "agent/findings/finding.h"
#include "tests/simulate/simulated_process.h"

namespace proctor {

constexpr double kMinute = 60;
constexpr double kHour = 3600;
constexpr double kDay = 24 * kHour;

/// A past of a process, and the right answer to it.
struct Scenario {
  std::string_view name;  // of the reported case, or what it is
  std::string_view past;
  std::optional<FindingKind> right;  // nothing: no finding may ever stand
  double length = 6 * kHour;         // seconds
  double interval = 10;              // between two looks
  double settles = 0;          // of healthy pasts: until then nobody can tell them from a leak, and it is told as one
  double begins = 0;           // when what is wrong begins, or the process where nothing is
  double within = 0;           // so long after that the finding must stand
  std::optional<double> ends;  // when it is mended: within an hour no finding may stand any more
  /// Called before each look with the second of it; `first` the first time.
  std::function<void(SimulatedProcess& process, double second, bool first)> step;
};

std::vector<Scenario> memory_scenarios();
std::vector<Scenario> population_scenarios();

}  // namespace proctor
