#include "agent/history/site_past.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace proctor {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr SiteId kFirst{1};
constexpr SiteId kSecond{2};

WallTime at(int second) { return WallTime{std::chrono::seconds{second}}; }

PopulationView goroutines(const std::vector<std::pair<SiteId, std::uint64_t>>& sites) {
  PopulationView population{.kind = PopulationKind::goroutine};
  for (const auto& [id, members] : sites) {
    population.sites.push_back({.site = std::make_shared<const Site>(Site{.id = id}), .members = members});
  }
  return population;
}

SiteMembers of(SiteId site, std::uint32_t members) {
  return {.kind = PopulationKind::goroutine, .members = members, .site = site};
}

TEST(SitePast, TellsTheMembersOfAnyMoment) {
  SitePast past;
  EXPECT_FALSE(past.then(at(1)));
  EXPECT_TRUE(past.add(at(10), std::array{goroutines({{kFirst, 5}})}));
  EXPECT_FALSE(past.add(at(20), std::array{goroutines({{kFirst, 5}})}));
  EXPECT_TRUE(past.add(at(30), std::array{goroutines({{kFirst, 7}, {kSecond, 1}})}));
  EXPECT_TRUE(past.add(at(40), std::array{goroutines({{kSecond, 1}})}));
  EXPECT_THAT(past.moments(), ElementsAre(at(10), at(30), at(40)));
  EXPECT_THAT(past.then(at(29))->sites, ElementsAre(of(kFirst, 5)));
  EXPECT_EQ(past.then(at(29))->at, at(10));
  EXPECT_THAT(past.then(at(30))->sites, ElementsAre(of(kFirst, 7), of(kSecond, 1)));
  EXPECT_THAT(past.then(at(99))->sites, ElementsAre(of(kSecond, 1))) << "the first is there no more";
  EXPECT_EQ(past.then(at(1))->at, at(10)) << "there is nothing before the first";
}

TEST(SitePast, IsBoundedAndWhatItKeepsIsExact) {
  SitePast past;
  for (int second = 1; second <= 20'000; ++second) {
    past.add(at(second), std::array{goroutines({{kFirst, static_cast<std::uint64_t>(second)}, {kSecond, 3}})});
  }
  const auto moments = past.moments();
  EXPECT_LE(moments.size(), SitePast::kMoments);
  EXPECT_GE(moments.size(), SitePast::kMoments / 2);
  EXPECT_EQ(moments.front(), at(1));
  EXPECT_EQ(moments.back(), at(20'000));
  EXPECT_TRUE(std::ranges::is_sorted(moments));
  for (const WallTime moment : moments) {
    const auto second = std::chrono::duration_cast<std::chrono::seconds>(moment.time_since_epoch()).count();
    EXPECT_THAT(past.then(moment)->sites, ElementsAre(of(kFirst, static_cast<std::uint32_t>(second)), of(kSecond, 3)));
  }
  // The last quarter of an hour, at a look a second, is known to the second.
  EXPECT_EQ(past.then(at(19'950))->at, at(19'950));
}

TEST(SitePast, ManySitesThatChangeAtEachLookAreFewMoments) {
  SitePast past;
  std::vector<std::pair<SiteId, std::uint64_t>> sites(500);
  for (std::uint64_t look = 1; look <= 500; ++look) {
    for (std::size_t i = 0; i < sites.size(); ++i) sites[i] = {SiteId{i + 1}, look};
    past.add(at(static_cast<int>(look)), std::array{goroutines(sites)});
  }
  EXPECT_LE(past.moments().size(), SitePast::kChanges / sites.size() + 1);
  EXPECT_EQ(past.then(at(1))->sites.front(), of(kFirst, 1));
  EXPECT_EQ(past.then(at(500))->sites.front(), of(kFirst, 500));
}

TEST(SitePast, ACopyStaysAsItWas) {
  SitePast past;
  past.add(at(1), std::array{goroutines({{kFirst, 1}})});
  const SitePast copy = past;
  past.add(at(2), std::array{goroutines({})});
  EXPECT_THAT(copy.then(at(9))->sites, ElementsAre(of(kFirst, 1)));
  EXPECT_THAT(past.then(at(9))->sites, IsEmpty());
}

}  // namespace
}  // namespace proctor
