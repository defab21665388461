#include "agent/publication/top_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "agent/publication/human.h"
#include "agent/publication/printable.h"
#include "agent/publication/site_totals.h"
#include "base/text.h"

namespace proctor {
namespace {

struct Row {
  PopulationKind kind{};
  const SiteView* view = nullptr;
  std::int64_t gained = 0;
};

std::vector<Row> rows_of(const TargetReport& report) {
  std::vector<Row> rows;
  for (const PopulationView& population : report.populations) {
    // Every socket is a descriptor too, and a heap has objects by the million.
    if (population.kind == PopulationKind::socket || population.kind == PopulationKind::allocation) continue;
    for (const SiteView& view : population.sites) {
      if (view.members == 0 && view.arrivals == 0) continue;
      rows.push_back({population.kind, &view, static_cast<std::int64_t>(view.arrivals - view.departures)});
    }
  }
  std::ranges::stable_sort(rows, std::ranges::greater{}, [](const Row& row) {
    return std::tuple{row.gained, row.view->members};
  });
  return rows;
}

std::string totals_line(const TargetReport& report) {
  const Observation& look = *report.observation;
  std::vector<std::string> parts;
  if (const auto* part = snapshot_of(look.goroutines)) parts.push_back(fmt::format("{} goroutines", part->user_count));
  if (const auto* part = snapshot_of(look.threads)) parts.push_back(fmt::format("{} threads", part->threads.size()));
  if (const auto* part = snapshot_of(look.fds)) parts.push_back(fmt::format("{} descriptors", part->open));
  if (const auto* part = snapshot_of(look.memory)) {
    parts.push_back(fmt::format("{} resident", human_bytes(part->resident)));
  }
  if (const auto* part = snapshot_of(look.go_runtime)) {
    parts.push_back(fmt::format("{} of heap", human_bytes(part->heap_live)));
  }
  return fmt::format("{}\n", fmt::join(parts, ", "));
}

}  // namespace

std::string top_of(const TargetReport& report, std::size_t rows, std::size_t columns) {
  const auto cut = [columns](const std::string& line) {
    return (line.size() > columns ? to_valid_utf8(line, columns) : line) + '\n';
  };
  const Observation& look = *report.observation;
  std::string out = cut(fmt::format("{} (process {}), {} {}, {}", printable(look.target.name),
                                    number(look.target.identity.pid), to_string(look.target.runtime),
                                    printable(look.target.runtime_version), timestamp_of(look.taken_at)));
  out += totals_line(report);
  for (const Finding& finding : report.findings) out += cut("! " + printable(finding.says, 1024));
  out += fmt::format("\n{:>7} {:>7} {:>7} {:>7} {:>7}  {}\n", "MEMBERS", "GAINED", "ARRIVED", "LEFT", "OLDEST", "SITE");
  std::size_t shown = 0;
  for (const Row& row : rows_of(report)) {
    if (shown++ == rows) break;
    const SiteView& view = *row.view;
    out += cut(fmt::format("{:>7} {:>+7} {:>7} {:>7} {:>7}  {}: {}", view.members, row.gained, view.arrivals,
                           view.departures, human_duration(view.oldest), to_string(row.kind),
                           printable(human_site(*view.site))));
  }
  return out;
}

}  // namespace proctor
