#include "agent/sampling/look.h"

#include <algorithm>

#include "collectors/observation/activity.h"

namespace proctor {
namespace {

bool asked_for(const TargetRule& rule, std::string_view collector) {
  return rule.collectors.empty() || std::ranges::find(rule.collectors, collector) != rule.collectors.end();
}

}  // namespace

Observation look_at(const Target& target, const Collectors& collectors, const Clock& clock, bool without_goroutines,
                    std::map<std::string, DurationHistogram>& durations) {
  Observation observation;
  observation.target = target.description();
  observation.taken_at = clock.wall();
  observation.sampled_at = clock.monotonic();
  for (const ChildProcess& child : target.children()) {
    observation.children.push_back({child.pid, child.start_time, child.comm, child.zombie});
  }
  MonotonicTime begin = observation.sampled_at;
  for (const auto& collector : collectors) {
    if (!asked_for(target.rule(), collector->name()) || !collector->applies_to(target.description())) continue;
    if (without_goroutines && collector->name() == "goroutines") {
      observation.goroutines = fail(ErrorCode::limit_reached,
                                    "sampling.memory_budget was exceeded with these goroutines; a reload tries again");
      continue;
    }
    collector->observe(target, observation);
    const MonotonicTime end = clock.monotonic();
    durations[std::string{collector->name()}].observe(seconds(end - begin));
    begin = end;
  }
  observation.duration = begin - observation.sampled_at;
  // A binary without build information does not say its release; the running program does.
  if (const auto goroutines = shared_snapshot(observation.goroutines)) {
    if (observation.target.runtime_version.empty()) observation.target.runtime_version = goroutines->runtime_version;
  }
  return observation;
}

void count_skipped(const Observation& look, std::map<std::string, std::uint64_t>& skipped) {
  const auto add = [&skipped](const char* reason, std::uint64_t count) {
    if (count != 0) skipped[reason] += count;
  };
  if (const auto threads = shared_snapshot(look.threads)) add("vanished", threads->vanished);
  if (const auto fds = shared_snapshot(look.fds)) {
    add("vanished", fds->vanished);
    if (fds->sampled) add("descriptor_cap", fds->open - fds->fds.size());
  }
  if (const auto goroutines = shared_snapshot(look.goroutines)) add("torn", goroutines->torn);
}

}  // namespace proctor
