#pragma once

#include <memory>
#include <vector>

#include "agent/ledger/population_ledger.h"
#include "collectors/observation/observation.h"
#include "config/config.h"

namespace proctor {

/// The populations of one process: a ledger for each kind that was ever read.
class PopulationSet {
 public:
  PopulationSet(const FindingsConfig& findings, const LimitsConfig& limits);

  /// Takes in a look. A part that it lacks leaves its ledger as it is: its members are kept, not departed.
  void update(const std::shared_ptr<const Observation>& observation);

  /// The populations that the last look read.
  std::vector<PopulationView> views(MonotonicTime now) const;
  /// Every ledger, also one that the last look did not read. Valid until the next update.
  std::vector<const PopulationLedger*> ledgers() const;

 private:
  struct Book {
    PopulationLedger ledger;
    std::weak_ptr<const void> source;  // what the ledger was last updated from
    bool current = true;
  };

  Book* find(PopulationKind kind);

  Nanoseconds window_;
  std::uint32_t max_sites_;
  std::vector<Book> books_;
};

}  // namespace proctor
