// Runs every scenario and prints what was found beside the right answer, then precision, recall and delay for each
// kind. Fails where a finding stands that may not, or one is missing in its time. simulate [NAME]
#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "agent/app/target_record.h"
#include "agent/publication/human.h"
#include "tests/simulate/scenario.h"

namespace proctor {
namespace {

struct Outcome {
  std::set<std::string> wrong;        // findings that may not stand, with the time of the first
  std::set<std::string> early;        // likewise, that nobody can know better
  std::optional<double> found_after;  // the right one, since what is wrong began
  bool lasts = false;                 // it still stands an hour after it was mended
  bool holds = false;
};

std::string clock_of(double second) {
  return human_duration(std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(second)));
}

Outcome run(const Scenario& scenario) {
  SimulatedProcess process;
  std::optional<TargetRecord> record;
  std::uint64_t life = 0;
  Outcome outcome;
  std::set<std::pair<FindingKind, bool>> told;
  for (double second = 0; second <= scenario.length; second += scenario.interval) {
    scenario.step(process, second, second == 0);
    if (!record || process.lives() != life) {
      record.emplace(FindingsConfig{}, LimitsConfig{});
      life = process.lives();
    }
    for (const Finding& finding : record->update(process.look(second)).findings) {
      const bool right = scenario.right == finding.kind && second >= scenario.begins;
      if (right && !outcome.found_after) outcome.found_after = second - scenario.begins;
      if (right && scenario.ends && second > *scenario.ends + kHour) outcome.lasts = true;
      const bool early = second < scenario.settles;
      if (!right && told.insert({finding.kind, early}).second) {
        (early ? outcome.early : outcome.wrong)
            .insert(fmt::format("{} at {}", to_string(finding.kind), clock_of(second)));
      }
    }
  }
  outcome.holds = outcome.wrong.empty() && !outcome.lasts &&
                  (!scenario.right || (outcome.found_after && *outcome.found_after <= scenario.within));
  return outcome;
}

std::string seen_in(const Outcome& outcome) {
  std::string seen = outcome.found_after ? fmt::format("after {}", clock_of(*outcome.found_after)) : "nothing";
  if (outcome.lasts) seen += ", and does not end";
  for (const std::string& wrong : outcome.wrong) seen += fmt::format(", {}", wrong);
  for (const std::string& early : outcome.early) seen += fmt::format(", for a time {}", early);
  return seen;
}

struct Tally {
  int wanted = 0;
  int found = 0;
  int wrongly = 0;
  std::vector<double> delays;
};

int run_all(const std::string& only) {
  std::vector<Scenario> scenarios = memory_scenarios();
  std::ranges::move(population_scenarios(), std::back_inserter(scenarios));
  std::map<std::string, Tally> tallies;
  int failed = 0;
  int healthy = 0;
  fmt::print("| scenario | past | right answer | found |\n|---|---|---|---|\n");
  for (const Scenario& scenario : scenarios) {
    if (!only.empty() && scenario.name != only) continue;
    const Outcome outcome = run(scenario);
    const std::string right =
        scenario.right ? fmt::format("{} within {}", to_string(*scenario.right), clock_of(scenario.within)) : "nothing";
    fmt::print("| {} | {} | {} | {}{} |\n", scenario.name, scenario.past, right, outcome.holds ? "" : "**WRONG** ",
               seen_in(outcome));
    failed += outcome.holds ? 0 : 1;
    healthy += scenario.right ? 0 : 1;
    for (const auto* findings : {&outcome.wrong, &outcome.early}) {
      for (const std::string& wrong : *findings) ++tallies[wrong.substr(0, wrong.find(' '))].wrongly;
    }
    if (!scenario.right) continue;
    Tally& tally = tallies[std::string{to_string(*scenario.right)}];
    ++tally.wanted;
    if (outcome.found_after && *outcome.found_after <= scenario.within) {
      ++tally.found;
      tally.delays.push_back(*outcome.found_after);
    }
  }
  fmt::print("\n{} pasts of healthy processes among them.\n\n", healthy);
  fmt::print("| finding | precision | recall | delay, median | longest |\n|---|---|---|---|---|\n");
  for (auto& [kind, tally] : tallies) {
    std::ranges::sort(tally.delays);
    const int all = tally.found + tally.wrongly;
    fmt::print("| {} | {:.2f} | {:.2f} | {} | {} |\n", kind, all == 0 ? 1.0 : static_cast<double>(tally.found) / all,
               tally.wanted == 0 ? 1.0 : static_cast<double>(tally.found) / tally.wanted,
               tally.delays.empty() ? "" : clock_of(tally.delays[tally.delays.size() / 2]),
               tally.delays.empty() ? "" : clock_of(tally.delays.back()));
  }
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace proctor

int main(int argc, char** argv) { return proctor::run_all(argc > 1 ? argv[1] : ""); }
