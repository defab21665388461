#include "agent/publication/json_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>

#include "agent/findings/context_overdue.h"
#include "agent/publication/human.h"
#include "agent/publication/json_fields.h"
#include "agent/publication/json_unknown.h"
#include "agent/publication/site_totals.h"
#include "agent/publication/waits.h"
#include "base/text.h"

namespace proctor {
namespace {

void put_waits(Json& site, const SiteTotals& totals, const GoroutineSnapshot& snapshot, const FdSnapshot* fds) {
  const std::string kind = kind_of_object(totals.site->reason);
  if (kind.empty()) return;
  const SiteWaits waits = waits_of(totals, snapshot);
  if (waits.most_wanted.empty()) return;
  put_count(site, "distinct_objects", waits.distinct);
  Json& objects = site["waits_for"] = Json::array();
  for (const WaitObject& wait : waits.most_wanted) {
    Json object{{"kind", kind}, {"address", fmt::format("{:#x}", number(wait.address))}, {"members", wait.members}};
    if (wait.channel != nullptr) {
      object["length"] = wait.channel->length;
      object["capacity"] = wait.channel->capacity;
      put_text(object, "element_type", wait.channel->element_type);
      object["closed"] = wait.channel->closed;
    }
    if (wait.fd) put_descriptor(object, *wait.fd, fds);
    if (kind == "channel") {
      object["receivers"] = wait.receivers;
      object["senders"] = wait.senders;
    }
    objects.push_back(std::move(object));
  }
}

Json goroutines_of(const TargetReport& report, const GoroutineSnapshot& snapshot, bool members) {
  std::uint64_t system = 0;
  Counts states;
  for (const GoroutineSample& sample : snapshot.goroutines) {
    if (sample.system) ++system;
    ++states[std::string{to_string(sample.state)}];
  }
  Json object{{"total", snapshot.goroutines.size()}, {"user", snapshot.user_count}, {"system", system}};
  put_count(object, "created_total", snapshot.created_total);
  if (snapshot.torn != 0) object["torn"] = snapshot.torn;
  object["contexts_overdue"] = count_overdue(snapshot, report.observation->taken_at);
  object["contexts_cancelled"] = snapshot.cancelled.size();
  object["states"] = json_of(states);
  const auto* unreachable = snapshot_of(report.observation->unreachable);
  std::uint64_t stuck = 0;
  Bytes heap{};
  Json sites = Json::array();
  for (const SiteTotals& totals : totals_of(report, PopulationKind::goroutine)) {
    Json site = json_of(totals, "stack_bytes", members ? "goids" : nullptr);
    put_waits(site, totals, snapshot, snapshot_of(report.observation->fds));
    if (unreachable != nullptr) {
      site["unreachable"] = totals.unreachable.size();
      if (members) site["unreachable_goids"] = totals.unreachable;
      if (!totals.unreachable.empty()) site["unreachable_heap_bytes"] = count(totals.unreachable_heap);
      stuck += totals.unreachable.size();
      heap += totals.unreachable_heap;
    }
    sites.push_back(std::move(site));
  }
  object["sites"] = std::move(sites);
  if (unreachable != nullptr) {
    object["unreachable"] = {
        {"members", stuck}, {"heap_bytes", count(heap)}, {"checked_at", timestamp_of(unreachable->checked_at)}};
  }
  return object;
}

/// The objects that most threads of each site wait for, by the site's index.
std::map<std::uint32_t, Json> thread_waits(const ThreadSnapshot& snapshot, const FdSnapshot* fds) {
  std::map<std::uint32_t, std::map<WaitedObject, std::uint64_t>> counts;
  for (const ThreadSample& sample : snapshot.threads) {
    if (sample.waits_for) ++counts[sample.site][*sample.waits_for];
  }
  constexpr std::size_t kShown = 3;
  std::map<std::uint32_t, Json> waits;
  for (const auto& [site, objects] : counts) {
    std::vector<std::pair<WaitedObject, std::uint64_t>> most(objects.begin(), objects.end());
    std::ranges::stable_sort(most, std::ranges::greater{}, &std::pair<WaitedObject, std::uint64_t>::second);
    if (most.size() > kShown) most.resize(kShown);
    Json& told = waits[site] = Json{{"distinct_objects", objects.size()}, {"waits_for", Json::array()}};
    for (const auto& [object, members] : most) {
      Json entry{{"members", members}};
      switch (object.kind) {
        case WaitedObject::Kind::descriptor:
          entry["kind"] = "descriptor";
          put_descriptor(entry, static_cast<std::int32_t>(object.id), fds);
          break;
        case WaitedObject::Kind::futex:
          entry["kind"] = "futex";
          entry["address"] = fmt::format("{:#x}", object.id);
          break;
        case WaitedObject::Kind::process:
          entry["kind"] = "process";
          entry["pid"] = object.id;
          break;
      }
      told["waits_for"].push_back(std::move(entry));
    }
  }
  return waits;
}

Json threads_of(const TargetReport& report, const ThreadSnapshot& snapshot, bool members) {
  Counts states;
  Counts blocked;
  for (const ThreadSample& sample : snapshot.threads) {
    if (sample.site >= snapshot.sites.size()) continue;
    const Site& site = *snapshot.sites[sample.site];
    ++states[site.state];
    if (!site.reason.empty()) ++blocked[site.reason];
  }
  const auto waits = thread_waits(snapshot, snapshot_of(report.observation->fds));
  Json sites = Json::array();
  for (const SiteTotals& totals : totals_of(report, PopulationKind::thread)) {
    sites.push_back(json_of(totals, nullptr, members ? "tids" : nullptr));
    if (const auto known = waits.find(totals.index); known != waits.end()) sites.back().update(known->second);
  }
  Json object{{"total", snapshot.threads.size()}, {"states", json_of(states)}, {"blocked", json_of(blocked)}};
  put_count(object, "limit", snapshot.limit);
  if (const auto& cgroup = report.observation->cgroup_threads) {
    object["cgroup"] = {{"threads", cgroup->in_use}, {"limit", cgroup->limit}};
  }
  object["sites"] = std::move(sites);
  return object;
}

Json fds_of(const TargetReport& report, const FdSnapshot& snapshot, bool members) {
  Counts kinds;
  for (const FdSample& sample : snapshot.fds) ++kinds[std::string{to_string(sample.kind)}];
  std::map<std::string, Counts> sockets;
  for (const SocketSample& sample : snapshot.sockets) ++sockets[sample.protocol][sample.state];
  Json object{{"open", snapshot.open}};
  put_count(object, "limit", snapshot.limit);
  if (snapshot.sampled) object["sampled"] = true;
  object["kinds"] = json_of(kinds);
  object["sockets"] = Json::object();
  for (const auto& [protocol, states] : sockets) object["sockets"][to_valid_utf8(protocol)] = json_of(states);
  std::uint64_t waiting = 0;
  for (const SocketSample& sample : snapshot.sockets) waiting += sample.waiting;
  if (waiting != 0) object["accept_queue"] = waiting;
  object["sites"] = sites_of(report, PopulationKind::fd, nullptr, members ? "fds" : nullptr);
  return object;
}

Json memory_of(const MemorySnapshot& snapshot) {
  Json object{{"resident_bytes", count(snapshot.resident)}};
  put_bytes(object, "anonymous_bytes", snapshot.anonymous);
  put_bytes(object, "file_bytes", snapshot.file);
  put_bytes(object, "shared_bytes", snapshot.shared);
  put_bytes(object, "swap_bytes", snapshot.swap);
  object["virtual_bytes"] = count(snapshot.virtual_size);
  put_bytes(object, "peak_resident_bytes", snapshot.peak_resident);
  put_bytes(object, "proportional_bytes", snapshot.proportional);
  put_bytes(object, "lazily_freed_bytes", snapshot.lazily_freed);
  if (!snapshot.other_allocator.empty()) object["allocator"] = snapshot.other_allocator;
  if (snapshot.malloc) {
    object["malloc"] = {{"arenas", snapshot.malloc->arenas},
                        {"held_bytes", count(snapshot.malloc->held)},
                        {"free_bytes", count(snapshot.malloc->free)}};
    if (snapshot.malloc->partial) object["malloc"]["partial"] = true;
  }
  put_bytes(object, "limit_bytes", snapshot.limit);
  put_count(object, "mappings", snapshot.mapping_count);
  put_count(object, "mapping_limit", snapshot.mapping_limit);
  return object;
}

Json cpu_of(const CpuSnapshot& snapshot) {
  Json object{{"user_seconds", seconds(snapshot.user)},
              {"system_seconds", seconds(snapshot.system)},
              {"children_user_seconds", seconds(snapshot.children_user)},
              {"children_system_seconds", seconds(snapshot.children_system)},
              {"minor_faults", snapshot.minor_faults},
              {"major_faults", snapshot.major_faults}};
  put_count(object, "voluntary_switches", snapshot.voluntary_switches);
  put_count(object, "involuntary_switches", snapshot.involuntary_switches);
  put_bytes(object, "read_bytes", snapshot.storage_read);
  put_bytes(object, "written_bytes", snapshot.storage_written);
  return object;
}

Json locks_of(const LockSnapshot& snapshot) {
  Json waiting = Json::array();
  for (const LockWait& wait : snapshot.waits) {
    Json entry{{"thread", number(wait.waiter)},
               {"lock", fmt::format("{:#x}", number(wait.address))},
               {"kind", to_string(wait.kind)}};
    if (wait.owner) entry["owner"] = number(*wait.owner);
    if (wait.known == LockOwner::gone) entry["owner_gone"] = true;
    if (wait.timed) entry["timed"] = true;
    waiting.push_back(std::move(entry));
  }
  Json deadlocks = Json::array();
  for (const std::vector<Tid>& cycle : snapshot.cycles) {
    Json threads = Json::array();
    for (const Tid tid : cycle) threads.push_back(number(tid));
    deadlocks.push_back({{"threads", std::move(threads)}});
  }
  return {{"waiting", std::move(waiting)}, {"deadlocks", std::move(deadlocks)}};
}

/// Sites by bytes that are in use, estimated from the samples. Objects of what a page fault took are its pages.
Json allocations_of(const PopulationView& population) {
  Json sites = Json::array();
  for (const SiteView& view : population.sites) {
    Json site{{"site", to_string(view.site->id)},
              {"live_objects", view.members},
              {"live_bytes", count(view.held)},
              {"allocated_objects", view.arrivals}};
    site.update(json_of(view.site->user));
    put_text(site, "module", view.site->module);
    if (!view.site->frames.empty()) {
      Json& frames = site["frames"] = Json::array();
      for (const Frame& frame : view.site->frames) frames.push_back(json_of(frame));
    }
    sites.push_back(std::move(site));
  }
  return sites;
}

Json json_of(const PopulationView& population) {
  Json object{{"members", population.members},
              {"arrivals_total", population.arrivals},
              {"departures_total", population.departures}};
  if (!population.ages) return object;
  Json& ages = object["ages"] = Json::array();
  for (std::size_t i = 0; i < population.ages->size(); ++i) {
    Json entry{{"members", (*population.ages)[i]}};
    if (i < kAgeBounds.size()) entry["below_seconds"] = kAgeBounds[i];
    ages.push_back(std::move(entry));
  }
  return object;
}

Json heap_of(const GoRuntimeFigures& go) {
  Json object{{"live_bytes", count(go.heap_live)},
              {"marked_bytes", count(go.heap_marked)},
              {"stack_bytes", count(go.stack)},
              {"gc_cycles", go.gc_cycles},
              {"gc_pause_seconds", seconds(go.gc_pause)},
              {"max_procs", go.max_procs},
              {"timers", go.timers}};
  put_bytes(object, "memory_limit_bytes", go.memory_limit);
  put_count(object, "gc_percent", go.gc_percent);
  put_count(object, "race_reports", go.race_reports);
  if (go.last_gc) object["last_gc"] = timestamp_of(*go.last_gc);
  return object;
}

Json jvm_of(const JvmSnapshot& jvm) {
  Json object{{"version", jvm.version}, {"spaces", Json::array()}, {"collectors", Json::array()}};
  for (const auto& space : jvm.spaces) {
    Json entry{{"generation", space.generation}, {"space", space.name}};
    put_bytes(entry, "used_bytes", space.used);
    put_bytes(entry, "capacity_bytes", space.capacity);
    put_bytes(entry, "max_bytes", space.max);
    object["spaces"].push_back(std::move(entry));
  }
  for (const auto& collector : jvm.collectors) {
    Json entry{{"name", collector.name}, {"collections", collector.collections}, {"seconds", seconds(collector.time)}};
    if (collector.since_last) entry["last_seconds_ago"] = seconds(*collector.since_last);
    object["collectors"].push_back(std::move(entry));
  }
  put_count(object, "threads", jvm.threads);
  put_count(object, "daemon_threads", jvm.daemon_threads);
  put_count(object, "peak_threads", jvm.peak_threads);
  put_count(object, "threads_started", jvm.threads_started);
  put_count(object, "classes_loaded", jvm.classes_loaded);
  return object;
}

}  // namespace

Json json_of(const TargetDescription& target) {
  Json object{{"pid", number(target.identity.pid)}, {"name", to_valid_utf8(target.name)}};
  object["runtime"] = to_string(target.runtime);
  put_text(object, "runtime_version", target.runtime_version);
  put_text(object, "module", target.module);
  put_text(object, "module_version", target.module_version);
  put_text(object, "revision", target.revision);
  put_text(object, "build_id", target.build_id);
  put_text(object, "comm", target.comm);
  put_text(object, "exe", target.exe);
  if (target.exe_deleted) object["exe_deleted"] = true;
  put_text(object, "container_id", target.container_id);
  put_text(object, "pod_uid", target.pod_uid);
  if (target.started_at != WallTime{}) object["started_at"] = timestamp_of(target.started_at);
  if (target.zombie) object["zombie"] = true;
  return object;
}

Json json_of(const Finding& finding) {
  Json object{{"kind", to_string(finding.kind)}, {"certainty", to_string(finding.certainty)}};
  if (finding.site) {
    object["site"] = to_string(finding.site->id);
    put_text(object, "name", finding.site->name);
    put_text(object, "state", finding.site->state);
    put_text(object, "reason", finding.site->reason);
    object.update(json_of(finding.site->user));
    put_text(object, "module", finding.site->module);
  }
  if (finding.cause) {
    object["consequence_of"] = {{"kind", to_string(finding.cause->kind)}, {"site", to_string(finding.cause->site)}};
  }
  if (!finding.core.empty()) object["core"] = finding.core;
  object["since"] = timestamp_of(finding.since);
  object["per_second"] = finding.per_second;
  object["members"] = finding.members;
  object["oldest_seconds"] = seconds(finding.oldest);
  object["says"] = to_valid_utf8(finding.says, 1024);
  object["advice"] = to_valid_utf8(finding.advice, 1024);
  return object;
}

Json json_of(const TargetReport& report, bool members) {
  const Observation& look = *report.observation;
  Json object{{"target", json_of(look.target)},
              {"taken_at", timestamp_of(look.taken_at)},
              {"duration_seconds", seconds(look.duration)},
              {"stopped_seconds", seconds(look.stopped)}};
  if (const auto* part = snapshot_of(look.goroutines)) object["goroutines"] = goroutines_of(report, *part, members);
  if (const auto* part = snapshot_of(look.threads)) object["threads"] = threads_of(report, *part, members);
  if (const auto* part = snapshot_of(look.locks)) object["locks"] = locks_of(*part);
  if (const auto* part = snapshot_of(look.fds)) object["fds"] = fds_of(report, *part, members);
  if (const auto* part = snapshot_of(look.memory)) object["memory"] = memory_of(*part);
  if (const auto* part = snapshot_of(look.mappings)) {
    object["mappings"] = {{"total", part->mappings.size()},
                          {"sites", sites_of(report, PopulationKind::mapping, "mapped_bytes", nullptr)}};
  }
  if (const auto* part = snapshot_of(look.timers)) {
    object["timers"] = {{"total", part->timers.size()},
                        {"sites", sites_of(report, PopulationKind::timer, nullptr, nullptr)}};
  }
  if (const auto* part = snapshot_of(look.contexts)) {
    object["contexts"] = {{"total", part->contexts.size()},
                          {"sites", sites_of(report, PopulationKind::context, nullptr, nullptr)}};
  }
  if (const auto* part = snapshot_of(look.cpu)) object["cpu"] = cpu_of(*part);
  if (const auto* part = snapshot_of(look.jvm)) object["jvm"] = jvm_of(*part);
  if (const auto* part = snapshot_of(look.go_runtime)) object["heap"] = heap_of(*part);
  for (const PopulationView& population : report.populations) {
    object["populations"][std::string{to_string(population.kind)}] = json_of(population);
    if (population.kind != PopulationKind::allocation) continue;
    object[snapshot_of(look.heap) ? "heap" : "growth"]["sites"] = allocations_of(population);
  }
  for (const Exhaustion& end : report.exhaustion) object["exhaustion_seconds"][end.resource] = end.seconds;
  object["unknown"] = unknown_of(look);
  Json& findings = object["findings"] = Json::array();
  for (const Finding& finding : report.findings) findings.push_back(json_of(finding));
  return object;
}

}  // namespace proctor
