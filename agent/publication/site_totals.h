#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "agent/publication/publication.h"

namespace proctor {

/// The members of one site at the last look. Points into the report that it was made of.
struct SiteTotals {
  const Site* site = nullptr;
  std::uint32_t index = 0;  // of the site in its snapshot
  std::uint64_t members = 0;
  std::optional<Nanoseconds> oldest;  // from the ledger, else from the target itself; absent where neither knows
  Bytes held{};
  /// Who came to it and went since the first look; absent where it has no line of its own in the population.
  std::optional<std::uint64_t> arrivals;
  std::optional<std::uint64_t> departures;
  std::vector<std::uint64_t> unreachable;  // of the goroutines: those that can never go on, ascending
  Bytes unreachable_heap{};                // that only these reach
  std::vector<RemoteAddress> objects;      // what goroutines wait for, one for each; empty where it is not known of all
  std::vector<std::uint64_t> ids;          // goids, tids or descriptors, ascending; empty for mappings
};

/// Every site of `kind` that has members, most members first. Empty where that part of the look is missing.
/// Sockets are those of the socket tables; descriptors include them.
std::vector<SiteTotals> totals_of(const TargetReport& report, PopulationKind kind);

/// The snapshot of a part, or null where it was not asked for or failed.
template <typename Snapshot>
const Snapshot* snapshot_of(const Part<Snapshot>& part) {
  return part && part->has_value() ? part->value().get() : nullptr;
}

}  // namespace proctor
