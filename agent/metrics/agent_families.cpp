#include <array>

#include "agent/metrics/families.h"
#include "agent/metrics/own_process.h"

namespace proctor {
namespace {

void add_count(FamilyWriter& family, const std::optional<std::uint64_t>& value) {
  if (value) family.add({}, static_cast<double>(*value));
}

void add_bytes(FamilyWriter& family, const std::optional<Bytes>& value) {
  if (value) family.add({}, static_cast<double>(count(*value)));
}

constexpr auto kFamilies = std::to_array<AgentFamily>({
    {"proctor_target_processes",
     [](const AgentReport& agent, FamilyWriter& family) {
       for (const auto& [name, processes] : agent.processes_by_name) {
         family.begin_target(name, "");
         family.add({}, static_cast<double>(processes));
       }
     }},
    {"proctor_target_process_starts_total",
     [](const AgentReport& agent, FamilyWriter& family) {
       for (const auto& [name, starts] : agent.starts_by_name) {
         family.begin_target(name, "");
         family.add({}, static_cast<double>(starts));
       }
     }},
    {"proctor_stop_seconds", [](const AgentReport& agent, FamilyWriter& family) { family.add({}, agent.stops); }},
    {"proctor_sample_duration_seconds",
     [](const AgentReport& agent, FamilyWriter& family) {
       for (const auto& [collector, durations] : agent.sample_durations) family.add({collector}, durations);
     }},
    {"proctor_skipped_total",
     [](const AgentReport& agent, FamilyWriter& family) {
       for (const auto& [reason, times] : agent.skipped) family.add({reason}, static_cast<double>(times));
     }},
    {"proctor_budget_used_ratio",
     [](const AgentReport& agent, FamilyWriter& family) {
       for (const auto& [resource, ratio] : agent.budget_used) family.add({resource}, ratio);
     }},
    {"proctor_build_info",
     [](const AgentReport&, FamilyWriter& family) {
       family.add({PROCTOR_VERSION, PROCTOR_REVISION}, 1);
     }},
    {"process_cpu_seconds_total",
     [](const AgentReport&, FamilyWriter& family) { family.add({}, seconds(read_own_process().cpu)); }},
    {"process_open_fds",
     [](const AgentReport&, FamilyWriter& family) { add_count(family, read_own_process().open_fds); }},
    {"process_max_fds",
     [](const AgentReport&, FamilyWriter& family) { add_count(family, read_own_process().max_fds); }},
    {"process_virtual_memory_bytes",
     [](const AgentReport&, FamilyWriter& family) { add_bytes(family, read_own_process().virtual_memory); }},
    {"process_resident_memory_bytes",
     [](const AgentReport&, FamilyWriter& family) { add_bytes(family, read_own_process().resident_memory); }},
    {"process_start_time_seconds",
     [](const AgentReport&, FamilyWriter& family) {
       if (const auto started = read_own_process().started_at) family.add({}, *started);
     }},
});

}  // namespace

std::span<const AgentFamily> agent_families() { return kFamilies; }

}  // namespace proctor
