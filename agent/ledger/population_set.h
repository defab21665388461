#pragma once

#include <cstdint>
#include <memory>
#include <optional>
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

  /// Other limits from the next look on: see PopulationLedger.
  void reconfigure(const FindingsConfig& findings, const LimitsConfig& limits);

  /// The populations that the last look read.
  std::vector<PopulationView> views(MonotonicTime now) const;
  /// Every ledger, also one that the last look did not read. Valid until the next update.
  std::vector<const PopulationLedger*> ledgers() const;

  /// All ledgers, for a state file; read into a set that has none yet.
  template <class Archive>
  void save(Archive& archive) const {
    archive(static_cast<std::uint32_t>(books_.size()));
    for (const Book& book : books_) archive(book.ledger.kind(), book.ledger);
  }
  template <class Archive>
  void load(Archive& archive) {
    std::uint32_t books = 0;
    archive(books);
    for (std::uint32_t i = 0; i < books; ++i) {
      PopulationKind kind{};
      archive(kind);
      archive(open_book(kind).ledger);
    }
  }

 private:
  struct Book {
    PopulationLedger ledger;
    std::weak_ptr<const void> source;  // what the ledger was last updated from
    bool current = true;
  };

  /// The mappings of a process that has mapped nothing since it was first seen, which is most: a ledger of them would
  /// be the largest part of what is kept of it, and say nothing.
  struct StillMappings {
    std::shared_ptr<const MappingSnapshot> snapshot;
    MonotonicTime first_seen{};
  };

  Book* find(PopulationKind kind);
  Book& open_book(PopulationKind kind);
  bool mappings_are_still(const Observation& observation);

  Nanoseconds window_;
  std::uint32_t max_sites_;
  std::vector<Book> books_;
  std::optional<StillMappings> still_mappings_;
};

}  // namespace proctor
