#include "agent/sampling/look.h"

#include <algorithm>

namespace proctor {
namespace {

bool asked_for(const TargetRule& rule, std::string_view collector) {
  return rule.collectors.empty() || std::ranges::find(rule.collectors, collector) != rule.collectors.end();
}

}  // namespace

Observation look_at(const Target& target, const Collectors& collectors, const Clock& clock,
                    std::map<std::string, DurationHistogram>& durations) {
  Observation observation;
  observation.target = target.description();
  observation.taken_at = clock.wall();
  observation.sampled_at = clock.monotonic();
  MonotonicTime begin = observation.sampled_at;
  for (const auto& collector : collectors) {
    if (!asked_for(target.rule(), collector->name()) || !collector->applies_to(target.description())) continue;
    collector->observe(target, observation);
    const MonotonicTime end = clock.monotonic();
    durations[std::string{collector->name()}].observe(seconds(end - begin));
    begin = end;
  }
  observation.duration = begin - observation.sampled_at;
  return observation;
}

}  // namespace proctor
