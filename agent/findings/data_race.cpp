#include "agent/findings/data_race.h"

#include <fmt/format.h>

namespace proctor {

std::optional<Finding> detect_data_race(const GoRuntimeFigures& figures, WallTime now) {
  const std::uint64_t races = figures.race_reports.value_or(0);
  if (races == 0) return std::nullopt;
  Finding finding{.kind = FindingKind::data_race, .certainty = Certainty::proven, .since = now};
  finding.members = races;
  finding.says = fmt::format(
      "The race detector that this program was built with has reported {} {} since it started. Both stacks of each "
      "stand "
      "in what it has written to its standard error, or where GORACE says.",
      races, races == 1 ? "data race" : "data races");
  finding.advice = "look there for WARNING: DATA RACE; what is found once in a while happens in every build";
  return finding;
}

}  // namespace proctor
