#include "agent/publication/site_totals.h"

#include <algorithm>
#include <functional>
#include <unordered_map>

namespace proctor {
namespace {

/// One entry per site, members not yet counted.
std::vector<SiteTotals> entries_for(const std::vector<SiteRef>& sites) {
  std::vector<SiteTotals> totals(sites.size());
  for (std::size_t i = 0; i < sites.size(); ++i) {
    totals[i].site = sites[i].get();
    totals[i].index = static_cast<std::uint32_t>(i);
  }
  return totals;
}

/// An index that points nowhere is a member of no site.
SiteTotals* entry_at(std::vector<SiteTotals>& totals, std::uint32_t site) {
  if (site >= totals.size()) return nullptr;
  ++totals[site].members;
  return &totals[site];
}

std::vector<SiteTotals> goroutine_totals(const GoroutineSnapshot& snapshot, const UnreachableSnapshot* unreachable,
                                         MonotonicTime now) {
  auto totals = entries_for(snapshot.sites);
  for (const GoroutineSample& sample : snapshot.goroutines) {
    SiteTotals* entry = entry_at(totals, sample.site);
    if (entry == nullptr) continue;
    entry->held += sample.stack;
    entry->ids.push_back(sample.goid);
    const UnreachableGoroutine* stuck = unreachable == nullptr ? nullptr : unreachable->find(sample);
    if (stuck != nullptr) {
      entry->unreachable.push_back(sample.goid);
      entry->unreachable_heap += stuck->held;
    }
    if (sample.object != RemoteAddress{}) entry->objects.push_back(sample.object);
    if (sample.waiting_since && *sample.waiting_since <= now) {
      const Nanoseconds age = now - *sample.waiting_since;
      entry->oldest = std::max(entry->oldest.value_or(Nanoseconds{0}), age);
    }
  }
  for (SiteTotals& entry : totals) {
    if (entry.objects.size() != entry.members) entry.objects.clear();
  }
  return totals;
}

std::vector<SiteTotals> thread_totals(const ThreadSnapshot& snapshot) {
  auto totals = entries_for(snapshot.sites);
  for (const ThreadSample& sample : snapshot.threads) {
    SiteTotals* entry = entry_at(totals, sample.site);
    if (entry != nullptr) entry->ids.push_back(static_cast<std::uint64_t>(number(sample.tid)));
  }
  return totals;
}

std::vector<SiteTotals> fd_totals(const FdSnapshot& snapshot) {
  auto totals = entries_for(snapshot.sites);
  for (const FdSample& sample : snapshot.fds) {
    SiteTotals* entry = entry_at(totals, sample.site);
    if (entry != nullptr) entry->ids.push_back(static_cast<std::uint64_t>(sample.fd));
  }
  return totals;
}

std::vector<SiteTotals> socket_totals(const FdSnapshot& snapshot) {
  auto totals = entries_for(snapshot.sites);
  for (const SocketSample& sample : snapshot.sockets) entry_at(totals, sample.site);
  return totals;
}

std::vector<SiteTotals> mapping_totals(const MappingSnapshot& snapshot) {
  auto totals = entries_for(snapshot.sites);
  for (const MappingSample& sample : snapshot.mappings) {
    SiteTotals* entry = entry_at(totals, sample.site);
    if (entry != nullptr) entry->held += Bytes{sample.bytes};
  }
  return totals;
}

std::vector<SiteTotals> timer_totals(const TimerSnapshot& snapshot) {
  auto totals = entries_for(snapshot.sites);
  for (const TimerSample& sample : snapshot.timers) entry_at(totals, sample.site);
  return totals;
}

std::vector<SiteTotals> context_totals(const ContextSnapshot& snapshot) {
  auto totals = entries_for(snapshot.sites);
  for (const ContextSample& sample : snapshot.contexts) entry_at(totals, sample.site);
  return totals;
}

std::vector<SiteTotals> unordered_totals(const Observation& look, PopulationKind kind) {
  const auto* goroutines = snapshot_of(look.goroutines);
  const auto* threads = snapshot_of(look.threads);
  const auto* fds = snapshot_of(look.fds);
  const auto* mappings = snapshot_of(look.mappings);
  const auto* timers = snapshot_of(look.timers);
  const auto* contexts = snapshot_of(look.contexts);
  switch (kind) {
    case PopulationKind::goroutine:
      if (goroutines != nullptr) return goroutine_totals(*goroutines, snapshot_of(look.unreachable), look.sampled_at);
      break;
    case PopulationKind::thread:
      if (threads != nullptr) return thread_totals(*threads);
      break;
    case PopulationKind::fd:
      if (fds != nullptr) return fd_totals(*fds);
      break;
    case PopulationKind::socket:
      if (fds != nullptr) return socket_totals(*fds);
      break;
    case PopulationKind::mapping:
      if (mappings != nullptr) return mapping_totals(*mappings);
      break;
    case PopulationKind::timer:
      if (timers != nullptr) return timer_totals(*timers);
      break;
    case PopulationKind::context:
      if (contexts != nullptr) return context_totals(*contexts);
      break;
    case PopulationKind::allocation:
    case PopulationKind::child: break;
  }
  return {};
}

}  // namespace

std::vector<SiteTotals> totals_of(const TargetReport& report, PopulationKind kind) {
  if (!report.observation) return {};
  auto totals = unordered_totals(*report.observation, kind);
  std::erase_if(totals, [](const SiteTotals& entry) { return entry.members == 0; });
  std::ranges::stable_sort(totals, std::ranges::greater{}, &SiteTotals::members);
  std::unordered_map<SiteId, const SiteView*> lines;
  for (const PopulationView& population : report.populations) {
    if (population.kind != kind) continue;
    for (const SiteView& view : population.sites) {
      if (view.site) lines.emplace(view.site->id, &view);
    }
  }
  for (SiteTotals& entry : totals) {
    std::ranges::sort(entry.ids);
    std::ranges::sort(entry.unreachable);
    const auto line = lines.find(entry.site->id);
    if (line == lines.end()) continue;
    entry.arrivals = line->second->arrivals;
    entry.departures = line->second->departures;
    // At the first look the ledger has seen nothing age yet.
    if (line->second->oldest > Nanoseconds{0}) entry.oldest = line->second->oldest;
  }
  return totals;
}

}  // namespace proctor
