#include "agent/metrics/exposition.h"

#include <fmt/format.h>

#include <algorithm>

#include "agent/metrics/families.h"
#include "base/gzip.h"

namespace proctor {
namespace {

/// Living processes and, for a counter, what those that have ended had counted; all of one target one behind the other.
void write_targets(const Publication& publication, const MetricSpec& spec, const TargetFamily& source,
                   FamilyWriter& family) {
  std::vector<const TargetReport*> reports;
  for (const auto& report : publication.targets) {
    if (report && report->observation) reports.push_back(report.get());
  }
  if (spec.type == prometheus::MetricType::Counter && !publication.ended.empty()) {
    for (const auto& report : publication.ended) reports.push_back(report.get());
    std::ranges::stable_sort(reports, {}, [](const TargetReport* report) { return report->observation->target.name; });
  }
  for (const TargetReport* report : reports) {
    const TargetDescription& target = report->observation->target;
    family.begin_target(target.name, report->merge ? "" : fmt::to_string(number(target.identity.pid)));
    source.fill(*report, family);
  }
}

void write_family(const Publication& publication, const MetricSpec& spec, std::string& out) {
  FamilyWriter family{spec, out};
  const auto of_target = std::ranges::find(target_families(), spec.name, &TargetFamily::name);
  if (of_target != target_families().end()) write_targets(publication, spec, *of_target, family);
  const auto of_agent = std::ranges::find(agent_families(), spec.name, &AgentFamily::name);
  if (of_agent != agent_families().end()) of_agent->fill(publication.agent, family);
  family.finish();
}

}  // namespace

void expose(Publication& publication, std::size_t expected_bytes) {
  std::string text;
  text.reserve(expected_bytes);
  for (const MetricSpec& spec : catalogue()) write_family(publication, spec, text);
  text.shrink_to_fit();  // what a growing text has in reserve is up to its own length
  publication.metrics = std::move(text);
  publication.metrics_gzip = gzip(publication.metrics).value_or("");
}

}  // namespace proctor
