#include "agent/ledger/population_ledger.h"

#include <gtest/gtest.h>

namespace proctor {
namespace {

using namespace std::chrono_literals;

constexpr MonotonicTime kStart{1000s};

std::shared_ptr<const Site> site(std::uint64_t id) {
  auto made = std::make_shared<Site>();
  made->id = SiteId{id};
  return made;
}

/// One member for each pair of key and site; sites are numbered from 1.
Census census(const std::vector<std::pair<std::uint64_t, std::uint32_t>>& members) {
  Census made{.kind = PopulationKind::goroutine};
  for (std::uint64_t id = 1; id <= 100; ++id) made.sites.push_back(site(id));
  for (const auto& [key, place] : members) {
    made.members.push_back({.key = {.first = key}, .site = place - 1, .held = Bytes{10}});
  }
  return made;
}

SiteView line(const PopulationView& view, SiteId id) {
  for (const SiteView& entry : view.sites) {
    if (entry.site->id == id) return entry;
  }
  ADD_FAILURE() << "no site " << to_string(id);
  return {};
}

TEST(PopulationLedger, MembersOfTheFirstLookAreNoArrivals) {
  PopulationLedger ledger{PopulationKind::goroutine, 5, 15min};
  ledger.update(census({{1, 1}, {2, 1}, {3, 2}}), kStart);
  const auto view = ledger.view(kStart + 3s);
  EXPECT_EQ(view.members, 3U);
  EXPECT_EQ(view.arrivals, 0U);
  ASSERT_EQ(view.sites.size(), 2U);
  EXPECT_EQ(view.sites[0].site->id, SiteId{1});
  EXPECT_EQ(view.sites[0].members, 2U);
  EXPECT_EQ(view.sites[0].held, Bytes{20});
  EXPECT_EQ(view.sites[0].oldest, 3s);
}

TEST(PopulationLedger, CountsMembersByHowLongTheyHaveWaited) {
  PopulationLedger ledger{PopulationKind::goroutine, 5, 15min};
  ledger.update(census({{1, 1}, {2, 1}}), kStart);
  ledger.update(census({{1, 1}, {2, 1}, {3, 2}}), kStart + 55s);
  EXPECT_EQ(ledger.view(kStart + 55s).ages, (Ages{1, 0, 2}));
  EXPECT_EQ(ledger.view(kStart + 60s).ages, (Ages{0, 1, 0, 2}));
  EXPECT_EQ(ledger.view(kStart + 48h).ages, (Ages{0, 0, 0, 0, 0, 0, 0, 3}));
}

TEST(PopulationLedger, CountsWhoArrivesAndWhoDeparts) {
  PopulationLedger ledger{PopulationKind::goroutine, 5, 15min};
  ledger.update(census({{1, 1}, {2, 1}}), kStart);
  ledger.update(census({{2, 1}, {4, 2}, {3, 1}}), kStart + 1s);
  const auto view = ledger.view(kStart + 1s);
  EXPECT_EQ(view.members, 3U);
  EXPECT_EQ(view.arrivals, 2U);
  EXPECT_EQ(view.departures, 1U);
  EXPECT_EQ(line(view, SiteId{1}).arrivals, 1U);
  EXPECT_EQ(line(view, SiteId{1}).departures, 1U);
  EXPECT_EQ(line(view, SiteId{2}).arrivals, 1U);
}

TEST(PopulationLedger, OneThatMovesDepartsFromOneSiteAndArrivesAtAnother) {
  PopulationLedger ledger{PopulationKind::goroutine, 5, 15min};
  ledger.update(census({{1, 1}}), kStart);
  ledger.update(census({{1, 2}}), kStart + 1s);
  const auto view = ledger.view(kStart + 1s);
  EXPECT_EQ(view.arrivals, 0U);
  EXPECT_EQ(view.departures, 0U);
  EXPECT_EQ(line(view, SiteId{1}).departures, 1U);
  EXPECT_EQ(line(view, SiteId{1}).members, 0U);
  EXPECT_EQ(line(view, SiteId{2}).arrivals, 1U);
  EXPECT_EQ(line(view, SiteId{2}).oldest, 0s);
}

TEST(PopulationLedger, AgeBeginsAnewWhenTheMemberMoved) {
  PopulationLedger ledger{PopulationKind::goroutine, 5, 15min};
  Census look = census({{1, 1}});
  ledger.update(look, kStart);
  ledger.update(look, kStart + 10s);
  EXPECT_EQ(ledger.view(kStart + 10s).sites[0].oldest, 10s);
  look.members[0].wait_token = 1;
  ledger.update(look, kStart + 20s);
  EXPECT_EQ(ledger.view(kStart + 20s).sites[0].oldest, 0s);
}

TEST(PopulationLedger, BelievesTheTargetOnWhenTheWaitBeganUnlessWeSawItWaitBefore) {
  PopulationLedger ledger{PopulationKind::goroutine, 5, 15min};
  Census look = census({{1, 1}});
  look.members[0].since = kStart - 1h;
  ledger.update(look, kStart);
  EXPECT_EQ(ledger.view(kStart).sites[0].oldest, 1h);
  look.members[0].wait_token = 1;
  look.members[0].since.reset();
  ledger.update(look, kStart + 10s);
  look.members[0].since = kStart + 15s;
  ledger.update(look, kStart + 20s);
  EXPECT_EQ(ledger.view(kStart + 20s).sites[0].oldest, 10s);
}

TEST(PopulationLedger, KeepsTheLargestSitesApartAndSumsTheRest) {
  PopulationLedger ledger{PopulationKind::goroutine, 2, 15min};
  ledger.update(census({{1, 1}, {2, 2}, {3, 2}, {4, 3}, {5, 3}, {6, 3}, {7, 4}}), kStart);
  const auto view = ledger.view(kStart);
  ASSERT_EQ(view.sites.size(), 3U);
  EXPECT_EQ(view.sites[0].site->id, SiteId{3});
  EXPECT_EQ(view.sites[1].site->id, SiteId{2});
  EXPECT_EQ(view.sites[2].site->id, kOtherSite);
  EXPECT_EQ(view.sites[2].members, 2U);
  EXPECT_EQ(view.sites[2].held, Bytes{20});
}

TEST(PopulationLedger, ASiteThatIsNoLongerApartGoesOnWhereItStoppedWhenItReturns) {
  PopulationLedger ledger{PopulationKind::goroutine, 1, 15min};
  ledger.update(census({}), kStart);
  ledger.update(census({{1, 1}, {2, 1}}), kStart + 1s);
  EXPECT_EQ(line(ledger.view(kStart), SiteId{1}).arrivals, 2U);
  ledger.update(census({{1, 1}, {2, 1}, {3, 1}, {11, 2}, {12, 2}, {13, 2}, {14, 2}}), kStart + 2s);
  auto view = ledger.view(kStart);
  EXPECT_EQ(line(view, SiteId{2}).arrivals, 4U);
  EXPECT_EQ(line(view, kOtherSite).arrivals, 1U);
  ledger.update(census({{1, 1}, {2, 1}, {3, 1}}), kStart + 3s);
  view = ledger.view(kStart);
  EXPECT_EQ(line(view, SiteId{1}).arrivals, 2U);
  EXPECT_EQ(line(view, kOtherSite).arrivals, 1U);
  EXPECT_EQ(line(view, kOtherSite).departures, 4U);
}

TEST(PopulationLedger, ALeakAmongMoreSitesThanAreKeptIsFound) {
  PopulationLedger ledger{PopulationKind::goroutine, 1, 15min};
  std::vector<std::pair<std::uint64_t, std::uint32_t>> members;
  for (std::uint32_t id = 1; id <= 40; ++id) members.emplace_back(id, id);
  ledger.update(census(members), kStart);
  for (std::uint64_t round = 1; round <= 10; ++round) {
    members.emplace_back(1000 + round, 99);
    ledger.update(census(members), kStart + round * 1s);
  }
  const auto grown = ledger.growth(kStart + 10s);
  ASSERT_EQ(grown.size(), 5U);
  EXPECT_EQ(grown[0].site->id, SiteId{99});
  EXPECT_EQ(grown[0].members, 10U);
  std::uint64_t alive = 0;
  for (const Cohort& cohort : grown[0].cohorts) alive += cohort.alive;
  EXPECT_EQ(alive, 10U);
  EXPECT_EQ(ledger.view(kStart + 10s).sites[0].site->id, SiteId{99});
}

TEST(PopulationLedger, GrowthTellsWhoArrivedWhenAndStayed) {
  PopulationLedger ledger{PopulationKind::goroutine, 5, 32s};
  ledger.update(census({{1, 1}}), kStart);
  ledger.update(census({{1, 1}, {2, 1}, {3, 1}}), kStart + 5s);
  ledger.update(census({{1, 1}, {2, 1}, {4, 1}}), kStart + 7s);
  auto grown = ledger.growth(kStart + 7s);
  ASSERT_EQ(grown.size(), 1U);
  ASSERT_EQ(grown[0].cohorts.size(), 2U);
  EXPECT_EQ(grown[0].cohorts[0].begin, kStart + 5s);
  EXPECT_EQ(grown[0].cohorts[0].arrived, 2U);
  EXPECT_EQ(grown[0].cohorts[0].alive, 1U);
  EXPECT_EQ(grown[0].cohorts[1].alive, 1U);
  EXPECT_EQ(grown[0].old_departures, 0U);
  EXPECT_EQ(grown[0].first_seen_growth, kStart);
  ledger.update(census({{4, 1}}), kStart + 60s);
  grown = ledger.growth(kStart + 60s);
  EXPECT_EQ(grown[0].old_departures, 2U);
  EXPECT_TRUE(grown[0].cohorts.empty());
  EXPECT_EQ(grown[0].first_seen_growth, std::nullopt);
}

TEST(PopulationLedger, GrowthBeginsAnewAfterAQuietTime) {
  PopulationLedger ledger{PopulationKind::goroutine, 5, 1min};
  ledger.update(census({}), kStart);
  ledger.update(census({{1, 1}, {2, 1}}), kStart + 10s);
  EXPECT_EQ(ledger.growth(kStart + 10s)[0].first_seen_growth, kStart + 10s);
  ledger.age(kStart + 1h);
  EXPECT_EQ(ledger.growth(kStart + 1h)[0].first_seen_growth, std::nullopt);
  ledger.update(census({{1, 1}, {2, 1}, {3, 1}}), kStart + 1h + 10s);
  EXPECT_EQ(ledger.growth(kStart + 1h + 10s)[0].first_seen_growth, kStart + 1h);
}

TEST(PopulationLedger, SharesItsSitesInsteadOfCopyingThem) {
  PopulationLedger ledger{PopulationKind::goroutine, 5, 1min};
  const Census look = census({{1, 1}});
  ledger.update(look, kStart);
  EXPECT_EQ(ledger.view(kStart).sites[0].site, look.sites[0]);
}

TEST(PopulationLedger, OfMembersWithTheSameKeyOnlyOneCounts) {
  PopulationLedger ledger{PopulationKind::goroutine, 5, 1min};
  ledger.update(census({{2, 1}, {1, 1}, {2, 2}, {3, 200}}), kStart);
  EXPECT_EQ(ledger.view(kStart).members, 2U);
}

TEST(PopulationLedger, AnotherWindowKeepsMembersAndCounters) {
  PopulationLedger ledger{PopulationKind::goroutine, 5, 15min};
  ledger.update(census({{1, 1}}), kStart);
  ledger.update(census({{1, 1}, {2, 1}}), kStart + 60s);
  ledger.reconfigure(5, 1min);
  EXPECT_TRUE(ledger.growth(kStart + 61s).front().cohorts.empty());
  // What leaves and arrives between two looks is seen, whatever changes in between.
  ledger.update(census({{2, 1}, {3, 1}}), kStart + 62s);
  ledger.update(census({{2, 1}, {3, 1}, {4, 1}}), kStart + 70s);
  const SiteView after = line(ledger.view(kStart + 70s), SiteId{1});
  EXPECT_EQ(after.members, 3U);
  EXPECT_EQ(after.arrivals, 3U);
  EXPECT_EQ(after.departures, 1U);
  EXPECT_EQ(after.oldest, 10s);
  const auto growth = ledger.growth(kStart + 70s).front();
  ASSERT_EQ(growth.cohorts.size(), 2U);
  EXPECT_EQ(growth.cohorts[0].begin, kStart + 62s);
  EXPECT_EQ(growth.cohorts[1].begin, kStart + 62s + 4 * (60'000ms / 32));
}

TEST(PopulationLedger, FewerSitesKeptApartAfterAReloadLoseNoEvent) {
  PopulationLedger ledger{PopulationKind::goroutine, 3, 15min};
  ledger.update(census({}), kStart);
  ledger.update(census({{1, 1}, {2, 2}, {3, 3}}), kStart + 1s);
  ledger.reconfigure(1, 15min);
  ledger.update(census({{1, 1}, {2, 2}, {3, 3}, {4, 3}}), kStart + 2s);
  const auto view = ledger.view(kStart + 2s);
  EXPECT_EQ(view.arrivals, 4U);
  ASSERT_EQ(view.sites.size(), 2U);
  EXPECT_EQ(view.sites[0].site->id, SiteId{3});
  EXPECT_EQ(view.sites[1].site->id, kOtherSite);
  EXPECT_EQ(view.sites[1].members, 2U);
}

}  // namespace
}  // namespace proctor
