#include "agent/ledger/population_set.h"

#include <algorithm>

#include "agent/ledger/census.h"

namespace proctor {

PopulationSet::PopulationSet(const FindingsConfig& findings, const LimitsConfig& limits)
    : window_(findings.window), max_sites_(limits.sites_per_population) {}

PopulationSet::Book* PopulationSet::find(PopulationKind kind) {
  const auto book =
      std::find_if(books_.begin(), books_.end(), [kind](const Book& entry) { return entry.ledger.kind() == kind; });
  return book != books_.end() ? &*book : nullptr;
}

PopulationSet::Book& PopulationSet::open_book(PopulationKind kind) {
  return books_.emplace_back(Book{.ledger = PopulationLedger{kind, max_sites_, window_}});
}

bool PopulationSet::mappings_are_still(const Observation& observation) {
  if (find(PopulationKind::mapping) != nullptr || !observation.mappings || !*observation.mappings) return false;
  const auto& snapshot = **observation.mappings;
  if (!still_mappings_) still_mappings_ = {snapshot, observation.sampled_at};
  if (still_mappings_->snapshot == snapshot) return true;
  // The ledger begins with what was there at first, so that all that came since are arrivals.
  Observation first;
  first.mappings = still_mappings_->snapshot;
  open_book(PopulationKind::mapping)
      .ledger.update(*take_census(first, PopulationKind::mapping), still_mappings_->first_seen);
  still_mappings_.reset();
  return false;
}

void PopulationSet::update(const std::shared_ptr<const Observation>& observation) {
  for (Book& book : books_) book.current = false;
  for (const PopulationKind kind : kPopulationKinds) {
    if (kind == PopulationKind::mapping && mappings_are_still(*observation)) continue;
    const auto source = census_source(*observation, kind);
    Book* book = find(kind);
    if (book != nullptr && source && book->source.lock() == source) {
      book->ledger.age(observation->sampled_at);
      book->current = true;
      continue;
    }
    const auto census = take_census(*observation, kind);
    if (!census) continue;
    if (book == nullptr) book = &open_book(kind);
    book->ledger.update(*census, observation->sampled_at);
    book->source = source;
    book->current = true;
  }
}

void PopulationSet::reconfigure(const FindingsConfig& findings, const LimitsConfig& limits) {
  window_ = findings.window;
  max_sites_ = limits.sites_per_population;
  for (Book& book : books_) book.ledger.reconfigure(max_sites_, window_);
}

std::vector<PopulationView> PopulationSet::views(MonotonicTime now) const {
  std::vector<PopulationView> views;
  for (const Book& book : books_) {
    if (book.current) views.push_back(book.ledger.view(now));
  }
  if (still_mappings_) {
    views.push_back({.kind = PopulationKind::mapping, .members = still_mappings_->snapshot->mappings.size()});
  }
  return views;
}

std::vector<const PopulationLedger*> PopulationSet::ledgers() const {
  std::vector<const PopulationLedger*> ledgers;
  for (const Book& book : books_) ledgers.push_back(&book.ledger);
  return ledgers;
}

}  // namespace proctor
