#include "agent/metrics/finding_series.h"

#include <fmt/format.h>

#include <set>
#include <string>
#include <utility>

#include "agent/metrics/site_series.h"
#include "agent/publication/human.h"

namespace proctor {
namespace {

void add_site_info(FamilyWriter& family, std::string_view kind, const Site& site) {
  const std::string line = site.user.line == 0 ? "" : fmt::to_string(site.user.line);
  family.add({kind, to_string(site.id), site.user.function, std::string{shown_file(site.user)}, line, site.reason,
              human_frame(site.created_by), site.name},
             1);
}

/// The kind of population whose members a finding speaks of.
std::string_view members_of(const Finding& finding) {
  // Alerts join stuck locks and suspected deadlocks, which have a core, with sites of this kind, whoever waits.
  if (!finding.core.empty()) return to_string(PopulationKind::goroutine);
  switch (finding.kind) {
    case FindingKind::goroutine_leak:
    case FindingKind::goroutine_spike:
    case FindingKind::blocked_forever:
    case FindingKind::finalizer_stuck:
    case FindingKind::stuck_lock:
    case FindingKind::context_overdue:
    case FindingKind::context_cancelled: return to_string(PopulationKind::goroutine);
    case FindingKind::thread_leak:
    case FindingKind::deadlock:
    case FindingKind::stuck_thread:
    case FindingKind::orphaned_lock: return to_string(PopulationKind::thread);
    case FindingKind::fd_leak: return to_string(PopulationKind::fd);
    case FindingKind::socket_leak: return to_string(PopulationKind::socket);
    case FindingKind::mapping_leak: return to_string(PopulationKind::mapping);
    case FindingKind::zombie_leak: return to_string(PopulationKind::child);
    case FindingKind::context_leak: return to_string(PopulationKind::context);
    case FindingKind::timer_leak: return to_string(PopulationKind::timer);
    case FindingKind::crash_loop:
    case FindingKind::data_race:
    case FindingKind::memory_leak:
    case FindingKind::memory_fragmentation: break;
  }
  return to_string(PopulationKind::allocation);
}

}  // namespace

void fill_site_info(const TargetReport& report, FamilyWriter& family) {
  std::set<std::pair<std::string, SiteId>> told;
  visit_sites(report, [&](std::string_view kind, const std::string&, const SiteView& view) {
    add_site_info(family, kind, *view.site);
    told.emplace(kind, view.site->id);
  });
  // Alerts join a finding with its site, also where that is too small for a line of its own.
  for (const Finding& finding : report.findings) {
    if (!finding.site) continue;
    const std::string_view kind = members_of(finding);
    if (told.emplace(kind, finding.site->id).second) add_site_info(family, kind, *finding.site);
  }
}

void fill_findings(const TargetReport& report, FamilyWriter& family) {
  for (const Finding& finding : report.findings) {
    const std::string site = finding.site ? to_string(finding.site->id) : "";
    family.add({to_string(finding.kind), to_string(finding.certainty), site}, 1);
  }
}

void fill_consequences(const TargetReport& report, FamilyWriter& family) {
  for (const Finding& finding : report.findings) {
    if (!finding.cause) continue;
    const std::string site = finding.site ? to_string(finding.site->id) : "";
    family.add({to_string(finding.kind), site, to_string(finding.cause->kind), to_string(finding.cause->site)}, 1);
  }
}

}  // namespace proctor
