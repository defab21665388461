#include "agent/ledger/population_set.h"

#include <gtest/gtest.h>

namespace proctor {
namespace {

using namespace std::chrono_literals;

constexpr MonotonicTime kStart{1000s};

std::shared_ptr<const GoroutineSnapshot> goroutines(std::uint64_t count) {
  auto snapshot = std::make_shared<GoroutineSnapshot>();
  snapshot->sites = {std::make_shared<const Site>(Site{.id = SiteId{5}})};
  for (std::uint64_t goid = 1; goid <= count; ++goid) snapshot->goroutines.push_back({.goid = goid});
  return snapshot;
}

std::shared_ptr<const Observation> look(MonotonicTime at, Part<GoroutineSnapshot> part) {
  auto made = std::make_shared<Observation>();
  made->sampled_at = at;
  made->goroutines = std::move(part);
  return made;
}

TEST(PopulationSet, KeepsALedgerForEachKindThatWasRead) {
  PopulationSet set{{}, {}};
  set.update(look(kStart, goroutines(3)));
  const auto views = set.views(kStart);
  ASSERT_EQ(views.size(), 2U);
  EXPECT_EQ(views[0].kind, PopulationKind::goroutine);
  EXPECT_EQ(views[0].members, 3U);
  EXPECT_EQ(views[1].kind, PopulationKind::child);
  EXPECT_EQ(set.ledgers().size(), 2U);
}

TEST(PopulationSet, APartThatFailedKeepsItsMembers) {
  PopulationSet set{{}, {}};
  set.update(look(kStart, goroutines(3)));
  set.update(
      look(kStart + 1s, Result<std::shared_ptr<const GoroutineSnapshot>>{fail(ErrorCode::torn_read, "changed")}));
  ASSERT_EQ(set.views(kStart).size(), 1U);
  EXPECT_EQ(set.views(kStart)[0].kind, PopulationKind::child);
  EXPECT_EQ(set.ledgers()[0]->view(kStart).members, 3U);
  set.update(look(kStart + 2s, goroutines(4)));
  const auto views = set.views(kStart + 2s);
  EXPECT_EQ(views[0].arrivals, 1U);
  EXPECT_EQ(views[0].departures, 0U);
}

TEST(PopulationSet, AnUnchangedSnapshotOnlyAges) {
  PopulationSet set{{}, {}};
  const auto snapshot = goroutines(3);
  set.update(look(kStart, snapshot));
  set.update(look(kStart + 5s, snapshot));
  const auto view = set.views(kStart + 5s)[0];
  EXPECT_EQ(view.members, 3U);
  EXPECT_EQ(view.arrivals, 0U);
  EXPECT_EQ(view.sites[0].oldest, 5s);
}

std::shared_ptr<const Observation> look(MonotonicTime at, std::shared_ptr<const MappingSnapshot> mappings) {
  auto made = std::make_shared<Observation>();
  made->sampled_at = at;
  made->mappings = std::move(mappings);
  return made;
}

std::shared_ptr<const MappingSnapshot> mappings(std::uint64_t count) {
  auto snapshot = std::make_shared<MappingSnapshot>();
  snapshot->sites = {std::make_shared<const Site>(Site{.id = SiteId{5}})};
  for (std::uint64_t i = 1; i <= count; ++i) snapshot->mappings.push_back({.begin = i << 12, .bytes = 4096});
  return snapshot;
}

TEST(PopulationSet, MappingsGetALedgerOnceTheyChangeAndItKnowsTheFirstOnes) {
  PopulationSet set{{}, {}};
  const auto first = mappings(10);
  set.update(look(kStart, first));
  set.update(look(kStart + 1s, first));
  EXPECT_EQ(set.ledgers().size(), 1U);  // of children
  EXPECT_EQ(set.views(kStart + 1s).back().kind, PopulationKind::mapping);
  EXPECT_EQ(set.views(kStart + 1s).back().members, 10U);
  set.update(look(kStart + 2s, mappings(13)));
  const auto view = set.views(kStart + 2s).back();
  EXPECT_EQ(view.kind, PopulationKind::mapping);
  EXPECT_EQ(view.members, 13U);
  EXPECT_EQ(view.arrivals, 3U);
  EXPECT_EQ(view.departures, 0U);
}

}  // namespace
}  // namespace proctor
