#pragma once

#include "agent/publication/publication.h"

namespace proctor {

/// Every process has some thirty kinds of mappings, and a Go program some timers and contexts, that never change: only
/// those that moved have series.
inline bool is_told(PopulationKind kind, const SiteView& view) {
  const bool of_many =
      kind == PopulationKind::mapping || kind == PopulationKind::timer || kind == PopulationKind::context;
  return !of_many || view.arrivals != 0 || view.departures != 0;
}

/// Calls `visit(kind, site, view)` for every site that has series.
template <typename Visit>
void visit_sites(const TargetReport& report, Visit visit) {
  for (const PopulationView& population : report.populations) {
    for (const SiteView& view : population.sites) {
      if (view.site && is_told(population.kind, view))
        visit(to_string(population.kind), to_string(view.site->id), view);
    }
  }
}

}  // namespace proctor
