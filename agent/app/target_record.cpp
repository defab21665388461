#include "agent/app/target_record.h"

#include <algorithm>

#include "agent/app/limit_use.h"
#include "agent/findings/blocked_forever.h"
#include "agent/findings/causes.h"
#include "agent/findings/context_cancelled.h"
#include "agent/findings/context_overdue.h"
#include "agent/findings/data_race.h"
#include "agent/findings/deadlock.h"
#include "agent/findings/fragmentation.h"
#include "agent/findings/leak_detector.h"
#include "agent/findings/memory_leak.h"
#include "agent/findings/spike.h"
#include "agent/findings/stuck_lock.h"
#include "agent/findings/stuck_thread.h"
#include "agent/findings/stuck_thread_lock.h"

namespace proctor {
namespace {

template <typename Snapshot>
const Snapshot* snapshot_of(const Part<Snapshot>& part) {
  return part && part->has_value() ? part->value().get() : nullptr;
}

constexpr std::uint64_t kMappingShare = 4;  // of the limit: below it anonymous mappings are of no concern

double bytes(Bytes value) { return static_cast<double>(count(value)); }

/// The process's start on the monotonic clock, through the wall clock of the same look.
Instant instant_of(const Observation& observation) {
  const auto age = std::chrono::duration_cast<Nanoseconds>(observation.taken_at - observation.target.started_at);
  return {.now = observation.sampled_at, .wall = observation.taken_at, .process_start = observation.sampled_at - age};
}

std::string_view figure_of(PopulationKind kind) {
  switch (kind) {
    case PopulationKind::goroutine: return "goroutines";
    case PopulationKind::thread: return "threads";
    case PopulationKind::fd: return "fds";
    case PopulationKind::socket: return "sockets";
    case PopulationKind::mapping: return "mappings";
    case PopulationKind::timer: return "timers";
    case PopulationKind::context: return "contexts";
    case PopulationKind::allocation: return "allocated_objects";
    case PopulationKind::child: break;
  }
  return "children";
}

bool same_subject(const Finding& a, const Finding& b) {
  // Memory is one subject, whichever stack is found to hold it.
  if (a.kind == FindingKind::memory_leak && b.kind == a.kind) return true;
  return a.kind == b.kind && (a.site ? a.site->id : kOtherSite) == (b.site ? b.site->id : kOtherSite);
}

/// What malloc keeps free. It can be of use again, so that it is not held by the code; a leak would not leave it free.
double unused_bytes(const MemorySnapshot& memory) { return memory.malloc ? bytes(memory.malloc->free) : 0; }

/// `first` is 0 before the first look.
void add_once_changed(Series& series, double& first, MonotonicTime now, double value) {
  if (first == 0) first = value;
  if (!series.points().empty() || value != first) series.add(now, value);
}

/// What a Go process has allocated since its last collection: how much of it is in use only the next one tells.
double uncollected_bytes(const Observation& observation) {
  const auto* go = snapshot_of(observation.go_runtime);
  return go == nullptr || go->heap_live < go->heap_marked ? 0 : bytes(go->heap_live) - bytes(go->heap_marked);
}

/// Threads that live on may come to wait elsewhere: only where there are more of them than before has any leaked.
bool are_new(const Finding& finding, const Series& threads) {
  const auto points = threads.points();
  if (points.empty()) return false;
  // A slow leak took longer than what is kept here.
  const double expected =
      std::min(static_cast<double>(finding.members), finding.per_second * seconds(threads.covered()));
  return points.back().value - points.front().value >= expected / 2;
}

/// Memory in use and stacks of threads are anonymous mappings too, and have findings of their own: of mappings these
/// are a leak only where the kernel's limit on their number comes into sight.
bool is_worth_telling(const Finding& finding, const Observation& observation) {
  if (finding.kind != FindingKind::mapping_leak || !finding.site->user.file.starts_with("anonymous")) return true;
  const auto* memory = snapshot_of(observation.memory);
  return memory != nullptr && memory->mapping_count && memory->mapping_limit &&
         *memory->mapping_count >= *memory->mapping_limit / kMappingShare;
}

}  // namespace

TargetRecord::TargetRecord(const FindingsConfig& findings, const LimitsConfig& limits)
    : config_(findings),
      max_sites_(limits.sites_per_population),
      populations_(findings, limits),
      held_memory_(kMemoryWindows * findings.window),
      memory_heights_(findings.window),
      malloc_free_(findings.window),
      resident_(findings.window),
      open_fds_(findings.window),
      threads_(findings.window),
      cgroup_threads_(findings.window),
      mappings_(findings.window) {}

void TargetRecord::reconfigure(const FindingsConfig& findings, const LimitsConfig& limits) {
  populations_.reconfigure(findings, limits);
  const bool other_window = findings.window != config_.window;
  if (other_window || limits.sites_per_population != max_sites_) allocations_.reset();
  config_ = findings;
  max_sites_ = limits.sites_per_population;
  if (!other_window) return;
  held_memory_ = Series{kMemoryWindows * findings.window};
  memory_heights_ = PastHeights{findings.window};
  for (Series* const series : {&malloc_free_, &resident_, &open_fds_, &threads_, &cgroup_threads_, &mappings_}) {
    *series = Series{findings.window};
  }
  first_threads_ = first_mappings_ = 0;
}

std::optional<Ending> TargetRecord::ending() const { return ending_of(limit_past_, config_.window); }

TargetReport TargetRecord::update(const std::shared_ptr<const Observation>& observation,
                                  std::span<const Ending> before) {
  populations_.update(observation);
  remember(*observation);
  TargetReport report;
  report.observation = observation;
  report.populations = populations_.views(observation->sampled_at);
  if (allocations_ && (snapshot_of(observation->heap) || snapshot_of(observation->growth))) {
    if (auto view = allocations_->view()) report.populations.push_back(*std::move(view));
  }
  report.findings = detect(*observation, report.populations);
  if (auto loop = detect_crash_loop(before, limit_past_.age)) {
    link_crash_loop(*loop, before.back().use.resource, report.findings);
    report.findings.push_back(*std::move(loop));
  }
  report.exhaustion = exhaustion(*observation);
  for (const PopulationView& population : report.populations) {
    track(figure_of(population.kind), observation->taken_at, static_cast<double>(population.members));
  }
  report.history = history_;
  remember_sites(observation->taken_at, report.populations);
  report.site_past = site_past_;
  standing_ = report.findings;
  return report;
}

void TargetRecord::remember_sites(WallTime at, const std::vector<PopulationView>& populations) {
  // What was published stays as it is.
  SitePast past = *site_past_;
  if (past.add(at, populations)) site_past_ = std::make_shared<const SitePast>(std::move(past));
}

void TargetRecord::track(std::string_view figure, WallTime at, double value) {
  const auto known = std::ranges::find(*history_, figure, &History::value_type::first);
  const bool is_new = known == history_->end();
  if (is_new ? value == 0 : known->second->points().back().value == value) return;
  // What was published stays as it is.
  auto track = is_new ? std::make_shared<Track>() : std::make_shared<Track>(*known->second);
  track->add(at, value);
  auto history = std::make_shared<History>();
  history->reserve(history_->size() + (is_new ? 1 : 0));
  for (const auto& entry : *history_) {
    if (entry.first != figure) history->push_back(entry);
  }
  history->emplace_back(figure, std::move(track));
  history_ = std::move(history);
}

void TargetRecord::remember(const Observation& observation) {
  const MonotonicTime now = observation.sampled_at;
  limit_past_.add(nearest_limit(observation), now - instant_of(observation).process_start, observation.taken_at);
  if (const auto* memory = snapshot_of(observation.memory)) {
    track("resident_bytes", observation.taken_at, bytes(memory->resident));
    if (memory->limit) resident_.add(now, bytes(memory->resident));
    if (memory->mapping_count) {
      add_once_changed(mappings_, first_mappings_, now, static_cast<double>(*memory->mapping_count));
    }
    const double reclaimable = bytes(memory->lazily_freed.value_or(Bytes{0}));
    const double held = std::max(0.0, bytes(memory->anonymous.value_or(memory->resident)) - reclaimable -
                                          unused_bytes(*memory) - uncollected_bytes(observation));
    held_memory_.add(now, held);
    memory_heights_.add(now, held);
    if (memory->malloc) malloc_free_.add(now, unused_bytes(*memory));
  }
  if (const auto* go = snapshot_of(observation.go_runtime)) {
    track("go_heap_live_bytes", observation.taken_at, bytes(go->heap_live));
    if (go->last_gc) {
      const auto ago = std::chrono::duration_cast<Nanoseconds>(observation.taken_at - *go->last_gc);
      collections_.add(go->gc_cycles, now - ago, bytes(go->heap_marked));
    }
  }
  const auto note_allocations = [&](const auto& part) {
    if (!part || !*part) return;
    if (!allocations_) allocations_ = std::make_unique<AllocationHistory>(max_sites_, config_.window);
    allocations_->update(**part, now);
  };
  note_allocations(observation.heap);
  // A program may begin to sample later on.
  if (snapshot_of(observation.heap) == nullptr) note_allocations(observation.growth);
  if (const auto* fds = snapshot_of(observation.fds)) open_fds_.add(now, static_cast<double>(fds->open));
  if (const auto* threads = snapshot_of(observation.threads)) {
    if (const auto& cgroup = observation.cgroup_threads) {
      cgroup_threads_.add(now, static_cast<double>(cgroup->in_use));
    }
    add_once_changed(threads_, first_threads_, now, static_cast<double>(threads->threads.size()));
  }
}

std::optional<AllocationGrowth> TargetRecord::growing_allocation() const {
  if (!allocations_) return std::nullopt;
  // One that was named stays so while it grows: the subject of a page does not change from look to look.
  const auto named = std::ranges::find_if(
      standing_, [](const Finding& finding) { return finding.kind == FindingKind::memory_leak && finding.site; });
  if (named != standing_.end()) {
    if (auto growth = allocations_->growth_of(named->site->id)) return growth;
  }
  return allocations_->fastest();
}

std::vector<Finding> TargetRecord::detect(const Observation& observation,
                                          const std::vector<PopulationView>& populations) {
  const Instant instant = instant_of(observation);
  std::vector<Finding> findings;
  for (const PopulationLedger* ledger : populations_.ledgers()) {
    for (const SiteGrowth& growth : ledger->growth(instant.now)) {
      auto finding = detect_leak(ledger->kind(), growth, config_, instant);
      if (finding && finding->kind == FindingKind::thread_leak && !are_new(*finding, threads_)) continue;
      if (!finding && ledger->kind() == PopulationKind::goroutine) finding = detect_spike(growth, config_, instant);
      if (finding && is_worth_telling(*finding, observation)) findings.push_back(*std::move(finding));
    }
  }
  const bool stands = std::ranges::find(standing_, FindingKind::memory_leak, &Finding::kind) != standing_.end();
  const auto height =
      held_memory_.points().empty() ? std::nullopt : memory_heights_.highest_before(held_memory_.points().front().at);
  auto memory_leak = detect_memory_leak(held_memory_, height, config_, instant, stands);
  const auto* go = snapshot_of(observation.go_runtime);
  if (!memory_leak && go != nullptr) {
    memory_leak = detect_heap_leak(collections_, bytes(go->heap_live), config_, instant);
  }
  if (go != nullptr) {
    if (auto race = detect_data_race(*go, instant.wall)) findings.push_back(*std::move(race));
  }
  if (auto& finding = memory_leak) {
    name_allocation(*finding, growing_allocation());
    findings.push_back(*std::move(finding));
  }
  if (const auto* memory = snapshot_of(observation.memory)) {
    auto finding = detect_fragmentation(*memory, malloc_free_, config_, instant);
    if (finding) findings.push_back(*std::move(finding));
  }
  if (const auto* goroutines = snapshot_of(observation.goroutines)) {
    std::ranges::move(detect_context_overdue(*goroutines, instant.wall), std::back_inserter(findings));
    std::ranges::move(detect_context_cancelled(*goroutines, instant.wall), std::back_inserter(findings));
    std::ranges::move(finalizers_.look(*goroutines, instant.wall, instant.now), std::back_inserter(findings));
    locks_.update(*goroutines, instant.now);
    std::ranges::move(detect_stuck_locks(*goroutines, snapshot_of(observation.unreachable), locks_, config_, instant),
                      std::back_inserter(findings));
    std::ranges::move(
        detect_blocked_forever(*goroutines, snapshot_of(observation.unreachable), instant.wall, instant.now),
        std::back_inserter(findings));
  }
  if (const auto* locks = snapshot_of(observation.locks)) {
    const auto* threads = snapshot_of(observation.threads);
    std::ranges::move(detect_deadlocks(*locks, threads, instant.wall), std::back_inserter(findings));
    if (threads != nullptr) {
      thread_locks_.update(*locks, *threads, instant.now);
      std::ranges::move(
          detect_stuck_thread_locks(*locks, *threads, snapshot_of(observation.fds), thread_locks_, config_, instant),
          std::back_inserter(findings));
    }
  }
  const auto threads = std::ranges::find(populations, PopulationKind::thread, &PopulationView::kind);
  if (threads != populations.end()) {
    std::ranges::move(detect_stuck_threads(*threads, snapshot_of(observation.threads), config_, instant),
                      std::back_inserter(findings));
  }
  link_causes(findings, standing_);
  for (Finding& finding : findings) {
    const auto before = std::ranges::find_if(standing_, [&](const Finding& f) { return same_subject(f, finding); });
    if (before != standing_.end()) finding.since = std::min(finding.since, before->since);
  }
  return findings;
}

std::vector<Exhaustion> TargetRecord::exhaustion(const Observation& observation) const {
  std::vector<Exhaustion> ends;
  const auto add = [&](const char* resource, const Series& used, double limit) {
    if (const auto left = seconds_left(used, limit, config_)) ends.push_back({.resource = resource, .seconds = *left});
  };
  const auto* memory = snapshot_of(observation.memory);
  if (memory != nullptr && memory->limit) add("memory", resident_, bytes(*memory->limit));
  if (memory != nullptr && memory->mapping_limit) {
    add("mappings", mappings_, static_cast<double>(*memory->mapping_limit));
  }
  const auto* threads = snapshot_of(observation.threads);
  if (threads != nullptr && threads->limit) {
    // The lowest limit may be on those of other processes as well.
    const bool of_cgroup = observation.cgroup_threads && observation.cgroup_threads->limit == *threads->limit;
    add("threads", of_cgroup ? cgroup_threads_ : threads_, static_cast<double>(*threads->limit));
  }
  const auto* fds = snapshot_of(observation.fds);
  if (fds != nullptr && fds->limit) add("fds", open_fds_, static_cast<double>(*fds->limit));
  return ends;
}

}  // namespace proctor
