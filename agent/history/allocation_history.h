#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "agent/history/series.h"
#include "agent/ledger/population.h"
#include "collectors/observation/growth_snapshot.h"
#include "collectors/observation/heap_snapshot.h"

namespace proctor {

/// How fast the live bytes of one allocating stack grow.
struct AllocationGrowth {
  std::shared_ptr<const Site> site;
  double per_second = 0;  // bytes, over the window
  Bytes live{};
};

/// What one stack has allocated and still holds, at one look.
struct AllocatingStack {
  SiteRef site;
  double allocated = 0, freed = 0;  // objects of a Go heap; pages of native memory
  double live = 0;                  // bytes
};

/// By site, from a Go program's own samples; from those of its page faults.
std::vector<AllocatingStack> allocating_stacks(const HeapSnapshot& snapshot);
std::vector<AllocatingStack> allocating_stacks(const GrowthSnapshot& snapshot);

/// What each allocating stack of one process holds, over the window. Keeps at most four times `max_sites` of them,
/// those that hold most.
class AllocationHistory {
 public:
  AllocationHistory(std::uint32_t max_sites, Nanoseconds window) : max_sites_(max_sites), window_(window) {}

  /// HeapSnapshot or GrowthSnapshot: always the same of them.
  template <typename Snapshot>
  void update(const std::shared_ptr<const Snapshot>& snapshot, MonotonicTime now) {
    if (snapshot != last_) take(allocating_stacks(*snapshot));
    last_ = snapshot;
    note(now);
  }
  /// As a population: members are objects or pages, arrivals those ever allocated, departures those freed; all
  /// estimated from samples. Nothing before the first look.
  std::optional<PopulationView> view() const;
  /// The stack whose live bytes grow fastest. Nothing where none does.
  std::optional<AllocationGrowth> fastest() const;
  /// That of one stack; nothing where it does not grow, or is not kept.
  std::optional<AllocationGrowth> growth_of(SiteId site) const;

 private:
  struct Past {
    Series live;
    MonotonicTime seen{};
  };

  void take(std::vector<AllocatingStack> stacks);
  void note(MonotonicTime now);

  std::size_t max_sites_;
  Nanoseconds window_;
  std::shared_ptr<const void> last_;
  std::vector<AllocatingStack> stacks_;  // most live bytes first
  std::unordered_map<SiteId, Past> past_;
};

}  // namespace proctor
