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

void PopulationSet::update(const std::shared_ptr<const Observation>& observation) {
  for (Book& book : books_) book.current = false;
  for (const PopulationKind kind : kPopulationKinds) {
    const auto source = census_source(*observation, kind);
    Book* book = find(kind);
    if (book != nullptr && source && book->source.lock() == source) {
      book->ledger.age(observation->sampled_at);
      book->current = true;
      continue;
    }
    const auto census = take_census(*observation, kind);
    if (!census) continue;
    if (book == nullptr) {
      books_.push_back({.ledger = PopulationLedger{kind, max_sites_, window_}});
      book = &books_.back();
    }
    book->ledger.update(*census, observation->sampled_at);
    book->source = source;
    book->current = true;
  }
}

std::vector<PopulationView> PopulationSet::views(MonotonicTime now) const {
  std::vector<PopulationView> views;
  for (const Book& book : books_) {
    if (book.current) views.push_back(book.ledger.view(now));
  }
  return views;
}

std::vector<const PopulationLedger*> PopulationSet::ledgers() const {
  std::vector<const PopulationLedger*> ledgers;
  for (const Book& book : books_) ledgers.push_back(&book.ledger);
  return ledgers;
}

}  // namespace proctor
