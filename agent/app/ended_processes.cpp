#include "agent/app/ended_processes.h"

#include <algorithm>

#include "agent/publication/site_totals.h"

namespace proctor {
namespace {

constexpr std::size_t kMaxSites = 200;  // of a population; the rest is summed

template <typename T>
void add_to(std::optional<T>& sum, const std::optional<T>& value) {
  if (value) sum = sum.value_or(T{}) + *value;
}

CpuSnapshot sum_of(const CpuSnapshot* past, const CpuSnapshot& last) {
  CpuSnapshot sum = last;
  if (past == nullptr) return sum;
  sum.user += past->user;
  sum.system += past->system;
  sum.children_user += past->children_user;
  sum.children_system += past->children_system;
  sum.minor_faults += past->minor_faults;
  sum.major_faults += past->major_faults;
  add_to(sum.voluntary_switches, past->voluntary_switches);
  add_to(sum.involuntary_switches, past->involuntary_switches);
  add_to(sum.storage_read, past->storage_read);
  add_to(sum.storage_written, past->storage_written);
  return sum;
}

SiteView& entry_for(PopulationView& population, const std::shared_ptr<const Site>& site) {
  const auto known = std::ranges::find(population.sites, site->id, [](const SiteView& view) { return view.site->id; });
  if (known != population.sites.end()) return *known;
  const bool full = population.sites.size() >= kMaxSites;
  if (full && site->id != kOtherSite) {
    return entry_for(population, std::make_shared<const Site>(Site{.id = kOtherSite}));
  }
  return population.sites.emplace_back(SiteView{.site = site});
}

void add_population(std::vector<PopulationView>& past, const PopulationView& last) {
  auto sum = std::ranges::find(past, last.kind, &PopulationView::kind);
  if (sum == past.end()) sum = past.insert(past.end(), PopulationView{.kind = last.kind});
  sum->arrivals += last.arrivals;
  // Whoever was left ended with the process.
  sum->departures += last.departures + last.members;
  for (const SiteView& view : last.sites) {
    SiteView& entry = entry_for(*sum, view.site);
    entry.arrivals += view.arrivals;
    entry.departures += view.departures + view.members;
  }
}

template <typename Snapshot>
Part<Snapshot> part_of(Snapshot snapshot) {
  return Result<std::shared_ptr<const Snapshot>>{std::make_shared<const Snapshot>(std::move(snapshot))};
}

}  // namespace

void EndedProcesses::add(const TargetReport& last) {
  const Observation& look = *last.observation;
  std::shared_ptr<const TargetReport>& kept = by_target_[look.target.name];
  auto report = kept ? std::make_shared<TargetReport>(*kept) : std::make_shared<TargetReport>();
  auto counters = std::make_shared<Observation>();
  counters->target.name = look.target.name;
  const Observation none;
  const Observation& past = kept ? *kept->observation : none;
  counters->cpu = past.cpu;
  if (const auto* cpu = snapshot_of(look.cpu)) counters->cpu = part_of(sum_of(snapshot_of(past.cpu), *cpu));
  counters->goroutines = past.goroutines;
  if (const auto* goroutines = snapshot_of(look.goroutines)) {
    GoroutineSnapshot sum;
    if (const auto* before = snapshot_of(past.goroutines)) sum.created_total = before->created_total;
    add_to(sum.created_total, goroutines->created_total);
    counters->goroutines = part_of(std::move(sum));
  }
  counters->go_runtime = past.go_runtime;
  if (const auto* go = snapshot_of(look.go_runtime)) {
    GoRuntimeFigures sum;
    const auto* before = snapshot_of(past.go_runtime);
    sum.gc_cycles = go->gc_cycles + (before != nullptr ? before->gc_cycles : 0);
    sum.gc_pause = go->gc_pause + (before != nullptr ? before->gc_pause : Nanoseconds{0});
    if (before != nullptr) sum.race_reports = before->race_reports;
    add_to(sum.race_reports, go->race_reports);
    counters->go_runtime = part_of(sum);
  }
  for (const PopulationView& population : last.populations) add_population(report->populations, population);
  report->observation = std::move(counters);
  report->merge = true;
  kept = std::move(report);
}

std::vector<std::shared_ptr<const TargetReport>> EndedProcesses::reports() const {
  std::vector<std::shared_ptr<const TargetReport>> reports;
  for (const auto& [target, report] : by_target_) reports.push_back(report);
  return reports;
}

}  // namespace proctor
