#include <fmt/format.h>

#include <array>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "agent/findings/context_overdue.h"
#include "agent/metrics/families.h"
#include "agent/metrics/finding_series.h"
#include "agent/metrics/site_series.h"
#include "agent/publication/human.h"
#include "agent/publication/site_totals.h"
#include "base/text.h"

namespace proctor {
namespace {

double epoch_seconds(WallTime time) { return std::chrono::duration<double>(time.time_since_epoch()).count(); }

void add_bytes(FamilyWriter& family, std::initializer_list<std::string_view> labels, std::optional<Bytes> value) {
  if (value) family.add(labels, static_cast<double>(count(*value)));
}

void add_count(FamilyWriter& family, std::initializer_list<std::string_view> labels,
               std::optional<std::uint64_t> value) {
  if (value) family.add(labels, static_cast<double>(*value));
}

void add_counts(FamilyWriter& family, const std::map<std::string, std::uint64_t>& counts) {
  for (const auto& [word, members] : counts) family.add({word}, static_cast<double>(members));
}

/// Calls `visit(name, error)` for every part that was tried; the error is null where it was read.
template <typename Visit>
void visit_parts(const Observation& look, Visit visit) {
  const auto one = [&visit](std::string_view name, const auto& part) {
    if (part) visit(name, part->has_value() ? nullptr : &part->error());
  };
  one("threads", look.threads);
  one("memory", look.memory);
  one("mappings", look.mappings);
  one("growth", look.growth);
  one("fds", look.fds);
  one("cpu", look.cpu);
  one("goroutines", look.goroutines);
  one("heap", look.go_runtime);
  one("timers", look.timers);
  one("contexts", look.contexts);
  one("locks", look.locks);
  one("jvm", look.jvm);
  const auto* threads = snapshot_of(look.threads);
  if (threads != nullptr && threads->blocked_unknown) visit("blocked_threads", &*threads->blocked_unknown);
  if (threads != nullptr && threads->running_unknown) {
    visit("running_threads", &*threads->running_unknown);
  }
}

void fill_info(const TargetReport& report, FamilyWriter& family) {
  const TargetDescription& target = report.observation->target;
  family.add({to_string(target.runtime), target.runtime_version, target.exe, target.module, target.module_version,
              target.revision, target.build_id, target.container_id, target.pod_uid},
             1);
}

void fill_start(const TargetReport& report, FamilyWriter& family) {
  const WallTime started = report.observation->target.started_at;
  if (started != WallTime{}) family.add({}, epoch_seconds(started));
}

void fill_last_sample(const TargetReport& report, FamilyWriter& family) {
  family.add({}, epoch_seconds(report.observation->taken_at));
}

void fill_up(const TargetReport& report, FamilyWriter& family) {
  visit_parts(*report.observation,
              [&](std::string_view name, const Error* error) { family.add({name}, error == nullptr ? 1 : 0); });
}

void fill_unavailable(const TargetReport& report, FamilyWriter& family) {
  visit_parts(*report.observation, [&](std::string_view name, const Error* error) {
    if (error != nullptr) family.add({name, reason_of(error->code)}, 1);
  });
}

template <std::string Site::*word>
void fill_threads(const TargetReport& report, FamilyWriter& family) {
  const auto* threads = snapshot_of(report.observation->threads);
  if (threads == nullptr) return;
  std::map<std::string, std::uint64_t> counts;
  for (const ThreadSample& sample : threads->threads) {
    if (sample.site >= threads->sites.size()) continue;
    if (const std::string& value = (*threads->sites[sample.site]).*word; !value.empty()) ++counts[value];
  }
  add_counts(family, counts);
}

/// Fills from one part where it was read.
template <auto part, auto fill>
void fill_from(const TargetReport& report, FamilyWriter& family) {
  if (const auto* snapshot = snapshot_of((*report.observation).*part)) fill(*snapshot, family);
}

void fill_cpu_seconds(const CpuSnapshot& cpu, FamilyWriter& family) {
  family.add({"user"}, seconds(cpu.user));
  family.add({"system"}, seconds(cpu.system));
}
void fill_children_cpu_seconds(const CpuSnapshot& cpu, FamilyWriter& family) {
  if (cpu.children_user + cpu.children_system == Nanoseconds{0}) return;
  family.add({"user"}, seconds(cpu.children_user));
  family.add({"system"}, seconds(cpu.children_system));
}
void fill_switches(const CpuSnapshot& cpu, FamilyWriter& family) {
  add_count(family, {"voluntary"}, cpu.voluntary_switches);
  add_count(family, {"involuntary"}, cpu.involuntary_switches);
}
void fill_faults(const CpuSnapshot& cpu, FamilyWriter& family) {
  add_count(family, {"minor"}, cpu.minor_faults);
  add_count(family, {"major"}, cpu.major_faults);
}

template <auto member, typename Snapshot>
void fill_bytes(const Snapshot& snapshot, FamilyWriter& family) {
  add_bytes(family, {}, snapshot.*member);
}

void fill_memory_parts(const MemorySnapshot& memory, FamilyWriter& family) {
  add_bytes(family, {"anonymous"}, memory.anonymous);
  add_bytes(family, {"file"}, memory.file);
  add_bytes(family, {"shared"}, memory.shared);
}

void fill_max_threads(const ThreadSnapshot& threads, FamilyWriter& family) {
  if (threads.limit) family.add({}, static_cast<double>(*threads.limit));
}

template <std::uint64_t CgroupThreads::*field>
void fill_cgroup_threads(const TargetReport& report, FamilyWriter& family) {
  const auto& cgroup = report.observation->cgroup_threads;
  if (cgroup) family.add({}, static_cast<double>((*cgroup).*field));
}

void fill_malloc(const MemorySnapshot& memory, FamilyWriter& family) {
  if (!memory.malloc) return;
  add_bytes(family, {"free"}, memory.malloc->free);
  add_bytes(family, {"in_use"}, memory.malloc->held - memory.malloc->free);
}

void fill_arenas(const MemorySnapshot& memory, FamilyWriter& family) {
  if (memory.malloc) family.add({}, static_cast<double>(memory.malloc->arenas));
}

/// The total is exact, the kinds may be of a sample: then they are scaled to it.
void fill_open_fds(const FdSnapshot& fds, FamilyWriter& family) {
  std::map<FdKind, std::uint64_t> kinds;
  for (const FdSample& sample : fds.fds) ++kinds[sample.kind];
  const bool scale = fds.sampled && !fds.fds.empty();
  const double factor = scale ? static_cast<double>(fds.open) / static_cast<double>(fds.fds.size()) : 1;
  for (const auto& [kind, members] : kinds) family.add({to_string(kind)}, static_cast<double>(members) * factor);
}
void fill_max_fds(const FdSnapshot& fds, FamilyWriter& family) { add_count(family, {}, fds.limit); }
void fill_sockets(const FdSnapshot& fds, FamilyWriter& family) {
  std::map<std::pair<std::string_view, std::string_view>, std::uint64_t> counts;
  for (const SocketSample& sample : fds.sockets) ++counts[{sample.protocol, sample.state}];
  for (const auto& [key, members] : counts) family.add({key.first, key.second}, static_cast<double>(members));
}

void fill_accept_queue(const FdSnapshot& fds, FamilyWriter& family) {
  std::optional<std::uint64_t> waiting;
  for (const SocketSample& sample : fds.sockets) {
    if (sample.state == "listen" && sample.protocol.starts_with("tcp")) waiting = waiting.value_or(0) + sample.waiting;
  }
  add_count(family, {}, waiting);
}

void fill_goroutines(const GoroutineSnapshot& snapshot, FamilyWriter& family) {
  std::map<std::string, std::uint64_t> counts;
  for (const GoroutineSample& sample : snapshot.goroutines) {
    if (!sample.system) ++counts[std::string{to_string(sample.state)}];
  }
  add_counts(family, counts);
}
void fill_goroutines_system(const GoroutineSnapshot& snapshot, FamilyWriter& family) {
  std::uint64_t system = 0;
  for (const GoroutineSample& sample : snapshot.goroutines) system += sample.system ? 1 : 0;
  family.add({}, static_cast<double>(system));
}
void fill_goroutines_waiting(const GoroutineSnapshot& snapshot, FamilyWriter& family) {
  std::map<std::string, std::uint64_t> counts;
  for (const GoroutineSample& sample : snapshot.goroutines) {
    if (sample.system || sample.state != GoroutineState::waiting || sample.site >= snapshot.sites.size()) continue;
    ++counts[snapshot.sites[sample.site]->reason];
  }
  add_counts(family, counts);
}
void fill_goroutines_created(const GoroutineSnapshot& snapshot, FamilyWriter& family) {
  add_count(family, {}, snapshot.created_total);
}

void fill_deadlocked(const LockSnapshot& locks, FamilyWriter& family) {
  std::size_t threads = 0;
  for (const auto& cycle : locks.cycles) threads += cycle.size();
  family.add({}, static_cast<double>(threads));
}

void fill_jvm_used(const JvmSnapshot& jvm, FamilyWriter& family) {
  for (const auto& space : jvm.spaces) add_bytes(family, {space.generation, space.name}, space.used);
}
void fill_jvm_max(const JvmSnapshot& jvm, FamilyWriter& family) {
  for (const auto& space : jvm.spaces) add_bytes(family, {space.generation, space.name}, space.max);
}
void fill_jvm_collections(const JvmSnapshot& jvm, FamilyWriter& family) {
  for (const auto& collector : jvm.collectors) add_count(family, {collector.name}, collector.collections);
}
void fill_jvm_gc_time(const JvmSnapshot& jvm, FamilyWriter& family) {
  for (const auto& collector : jvm.collectors) family.add({collector.name}, seconds(collector.time));
}
void fill_jvm_threads(const JvmSnapshot& jvm, FamilyWriter& family) {
  add_count(family, {"live"}, jvm.threads);
  add_count(family, {"daemon"}, jvm.daemon_threads);
  add_count(family, {"peak"}, jvm.peak_threads);
}
void fill_jvm_classes(const JvmSnapshot& jvm, FamilyWriter& family) { add_count(family, {}, jvm.classes_loaded); }

void fill_gc_cycles(const GoRuntimeFigures& go, FamilyWriter& family) { add_count(family, {}, go.gc_cycles); }
void fill_gc_percent(const GoRuntimeFigures& go, FamilyWriter& family) { add_count(family, {}, go.gc_percent); }
void fill_gc_pause(const GoRuntimeFigures& go, FamilyWriter& family) { family.add({}, seconds(go.gc_pause)); }
void fill_race_reports(const GoRuntimeFigures& go, FamilyWriter& family) { add_count(family, {}, go.race_reports); }
void fill_last_gc(const GoRuntimeFigures& go, FamilyWriter& family) {
  if (go.last_gc) family.add({}, seconds(go.last_gc->time_since_epoch()));
}
void fill_max_procs(const GoRuntimeFigures& go, FamilyWriter& family) { add_count(family, {}, go.max_procs); }
void fill_timers(const GoRuntimeFigures& go, FamilyWriter& family) { add_count(family, {}, go.timers); }

void fill_contexts_cancelled(const GoroutineSnapshot& goroutines, FamilyWriter& family) {
  add_count(family, {}, goroutines.cancelled.size());
}
void fill_contexts_overdue(const TargetReport& report, FamilyWriter& family) {
  const Observation& look = *report.observation;
  if (const auto* goroutines = snapshot_of(look.goroutines)) {
    family.add({}, static_cast<double>(count_overdue(*goroutines, look.taken_at)));
  }
}

void fill_unreachable(const TargetReport& report, FamilyWriter& family) {
  const auto* goroutines = snapshot_of(report.observation->goroutines);
  const auto* unreachable = snapshot_of(report.observation->unreachable);
  if (goroutines == nullptr || unreachable == nullptr) return;
  const auto stuck = std::ranges::count_if(goroutines->goroutines, [&](const GoroutineSample& goroutine) {
    return unreachable->find(goroutine) != nullptr;
  });
  family.add({}, static_cast<double>(stuck));
}

template <auto member>
void fill_population(const TargetReport& report, FamilyWriter& family) {
  for (const PopulationView& population : report.populations) {
    family.add({to_string(population.kind)}, static_cast<double>(population.*member));
  }
}

template <auto member>
void fill_site(const TargetReport& report, FamilyWriter& family) {
  visit_sites(report, [&](std::string_view kind, const std::string& site, const SiteView& view) {
    family.add({kind, site}, static_cast<double>(view.*member));
  });
}

void fill_site_oldest(const TargetReport& report, FamilyWriter& family) {
  visit_sites(report, [&](std::string_view kind, const std::string& site, const SiteView& view) {
    // Of an allocation it is not known when it was made.
    if (kind != to_string(PopulationKind::allocation)) family.add({kind, site}, seconds(view.oldest));
  });
}

/// Only kinds whose members hold memory have any.
void fill_site_held(const TargetReport& report, FamilyWriter& family) {
  visit_sites(report, [&](std::string_view kind, const std::string& site, const SiteView& view) {
    if (count(view.held) != 0) add_bytes(family, {kind, site}, view.held);
  });
}

void fill_exhaustion(const TargetReport& report, FamilyWriter& family) {
  for (const Exhaustion& end : report.exhaustion) family.add({end.resource}, end.seconds);
}

using O = Observation;
using M = MemorySnapshot;
using Go = GoRuntimeFigures;

constexpr auto kFamilies = std::to_array<TargetFamily>({
    {"proctor_target_info", fill_info},
    {"proctor_target_start_timestamp_seconds", fill_start},
    {"proctor_target_last_sample_timestamp_seconds", fill_last_sample},
    {"proctor_collector_up", fill_up},
    {"proctor_collector_unavailable", fill_unavailable},
    {"proctor_threads", fill_threads<&Site::state>},
    {"proctor_threads_blocked", fill_threads<&Site::reason>},
    {"proctor_deadlocked_threads", fill_from<&O::locks, fill_deadlocked>},
    {"proctor_cpu_seconds_total", fill_from<&O::cpu, fill_cpu_seconds>},
    {"proctor_children_cpu_seconds_total", fill_from<&O::cpu, fill_children_cpu_seconds>},
    {"proctor_context_switches_total", fill_from<&O::cpu, fill_switches>},
    {"proctor_page_faults_total", fill_from<&O::cpu, fill_faults>},
    {"proctor_read_bytes_total", fill_from<&O::cpu, fill_bytes<&CpuSnapshot::storage_read, CpuSnapshot>>},
    {"proctor_written_bytes_total", fill_from<&O::cpu, fill_bytes<&CpuSnapshot::storage_written, CpuSnapshot>>},
    {"proctor_resident_memory_bytes", fill_from<&O::memory, fill_bytes<&M::resident, M>>},
    {"proctor_proportional_memory_bytes", fill_from<&O::memory, fill_bytes<&M::proportional, M>>},
    {"proctor_peak_resident_memory_bytes", fill_from<&O::memory, fill_bytes<&M::peak_resident, M>>},
    {"proctor_swap_bytes", fill_from<&O::memory, fill_bytes<&M::swap, M>>},
    {"proctor_virtual_memory_bytes", fill_from<&O::memory, fill_bytes<&M::virtual_size, M>>},
    {"proctor_resident_memory_part_bytes", fill_from<&O::memory, fill_memory_parts>},
    {"proctor_malloc_bytes", fill_from<&O::memory, fill_malloc>},
    {"proctor_malloc_arenas", fill_from<&O::memory, fill_arenas>},
    {"proctor_memory_limit_bytes", fill_from<&O::memory, fill_bytes<&M::limit, M>>},
    {"proctor_open_fds", fill_from<&O::fds, fill_open_fds>},
    {"proctor_max_threads", fill_from<&O::threads, fill_max_threads>},
    {"proctor_cgroup_threads", fill_cgroup_threads<&CgroupThreads::in_use>},
    {"proctor_cgroup_max_threads", fill_cgroup_threads<&CgroupThreads::limit>},
    {"proctor_max_fds", fill_from<&O::fds, fill_max_fds>},
    {"proctor_sockets", fill_from<&O::fds, fill_sockets>},
    {"proctor_accept_queue_connections", fill_from<&O::fds, fill_accept_queue>},
    {"proctor_goroutines", fill_from<&O::goroutines, fill_goroutines>},
    {"proctor_goroutines_system", fill_from<&O::goroutines, fill_goroutines_system>},
    {"proctor_goroutines_waiting", fill_from<&O::goroutines, fill_goroutines_waiting>},
    {"proctor_goroutines_created_total", fill_from<&O::goroutines, fill_goroutines_created>},
    {"proctor_goroutines_unreachable", fill_unreachable},
    {"proctor_contexts_cancelled", fill_from<&O::goroutines, fill_contexts_cancelled>},
    {"proctor_contexts_overdue", fill_contexts_overdue},
    {"proctor_go_heap_live_bytes", fill_from<&O::go_runtime, fill_bytes<&Go::heap_live, Go>>},
    {"proctor_go_heap_marked_bytes", fill_from<&O::go_runtime, fill_bytes<&Go::heap_marked, Go>>},
    {"proctor_go_stack_bytes", fill_from<&O::go_runtime, fill_bytes<&Go::stack, Go>>},
    {"proctor_go_memory_limit_bytes", fill_from<&O::go_runtime, fill_bytes<&Go::memory_limit, Go>>},
    {"proctor_jvm_memory_used_bytes", fill_from<&O::jvm, fill_jvm_used>},
    {"proctor_jvm_memory_max_bytes", fill_from<&O::jvm, fill_jvm_max>},
    {"proctor_jvm_gc_collections_total", fill_from<&O::jvm, fill_jvm_collections>},
    {"proctor_jvm_gc_seconds_total", fill_from<&O::jvm, fill_jvm_gc_time>},
    {"proctor_jvm_threads", fill_from<&O::jvm, fill_jvm_threads>},
    {"proctor_jvm_classes_loaded", fill_from<&O::jvm, fill_jvm_classes>},
    {"proctor_go_gc_percent", fill_from<&O::go_runtime, fill_gc_percent>},
    {"proctor_go_gc_cycles_total", fill_from<&O::go_runtime, fill_gc_cycles>},
    {"proctor_go_gc_pause_seconds_total", fill_from<&O::go_runtime, fill_gc_pause>},
    {"proctor_go_race_reports_total", fill_from<&O::go_runtime, fill_race_reports>},
    {"proctor_go_last_gc_timestamp_seconds", fill_from<&O::go_runtime, fill_last_gc>},
    {"proctor_go_max_procs", fill_from<&O::go_runtime, fill_max_procs>},
    {"proctor_go_timers", fill_from<&O::go_runtime, fill_timers>},
    {"proctor_population_members", fill_population<&PopulationView::members>},
    {"proctor_population_arrivals_total", fill_population<&PopulationView::arrivals>},
    {"proctor_population_departures_total", fill_population<&PopulationView::departures>},
    {"proctor_site_members", fill_site<&SiteView::members>},
    {"proctor_site_oldest_seconds", fill_site_oldest},
    {"proctor_site_held_bytes", fill_site_held},
    {"proctor_site_arrivals_total", fill_site<&SiteView::arrivals>},
    {"proctor_site_departures_total", fill_site<&SiteView::departures>},
    {"proctor_site_info", fill_site_info},
    {"proctor_finding", fill_findings},
    {"proctor_finding_consequence", fill_consequences},
    {"proctor_exhaustion_seconds", fill_exhaustion},
});

}  // namespace

std::span<const TargetFamily> target_families() { return kFamilies; }

}  // namespace proctor
