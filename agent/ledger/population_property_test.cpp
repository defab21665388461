#include <gtest/gtest.h>

#include <map>
#include <random>

#include "agent/ledger/population_ledger.h"

namespace proctor {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kMaxSites = 4;
constexpr std::uint32_t kKept = 4 * kMaxSites;

/// A population that arrives, departs and moves at random, with the true figures beside it.
class RandomPopulation {
 public:
  RandomPopulation(std::uint32_t seed, std::uint32_t sites) : random_(seed), sites_(sites) {
    for (std::uint32_t i = 0; i < sites; ++i) {
      auto made = std::make_shared<Site>();
      made->id = SiteId{i + 1};
      census_sites_.push_back(made);
    }
  }

  void step() {
    for (auto member = site_by_key_.begin(); member != site_by_key_.end();) {
      const std::uint32_t dice = below(10);
      if (dice == 0) member->second = below(sites_);
      member = dice == 1 ? site_by_key_.erase(member) : std::next(member);
    }
    // Now and then a site swells, so that sites change rank.
    const std::uint32_t swelling = below(sites_);
    for (std::uint32_t i = below(20); i > 0; --i) {
      site_by_key_[next_key_++] = below(2) == 0 ? swelling : below(sites_);
    }
  }

  Census census() {
    Census made{.kind = PopulationKind::goroutine, .sites = census_sites_};
    for (const auto& [key, site] : site_by_key_) made.members.push_back({.key = {.first = key}, .site = site});
    std::shuffle(made.members.begin(), made.members.end(), random_);
    return made;
  }

  std::map<SiteId, std::uint64_t> members_by_site() const {
    std::map<SiteId, std::uint64_t> counts;
    for (const auto& [key, site] : site_by_key_) ++counts[SiteId{site + 1}];
    return counts;
  }
  std::uint64_t size() const { return site_by_key_.size(); }

 private:
  std::uint32_t below(std::uint32_t end) { return std::uniform_int_distribution<std::uint32_t>{0, end - 1}(random_); }

  std::mt19937 random_;
  std::uint32_t sites_;
  std::uint64_t next_key_ = 1;
  std::map<std::uint64_t, std::uint32_t> site_by_key_;
  std::vector<std::shared_ptr<const Site>> census_sites_;
};

struct Counters {
  std::uint64_t arrivals = 0;
  std::uint64_t departures = 0;
};

void check_look(const PopulationView& view, const RandomPopulation& truth, std::uint64_t first_members) {
  EXPECT_EQ(view.members, truth.size());
  EXPECT_EQ(view.arrivals - view.departures, view.members - first_members);
  EXPECT_LE(view.sites.size(), kMaxSites + 1);
  const auto counts = truth.members_by_site();
  std::uint64_t sum = 0;
  for (const SiteView& line : view.sites) {
    sum += line.members;
    if (line.site->id == kOtherSite) continue;
    const auto count = counts.find(line.site->id);
    EXPECT_EQ(line.members, count != counts.end() ? count->second : 0U);
  }
  EXPECT_EQ(sum, view.members);
}

class PopulationProperty : public testing::TestWithParam<std::uint32_t> {};

TEST_P(PopulationProperty, SitesAddUpAndCountersNeverFall) {
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    RandomPopulation population{seed, GetParam()};
    PopulationLedger ledger{PopulationKind::goroutine, kMaxSites, 10s};
    MonotonicTime now{1h};
    for (int i = 0; i < 5; ++i) population.step();
    const std::uint64_t first_members = population.size();
    std::map<SiteId, Counters> highest;
    Counters highest_of_all;
    for (int look = 0; look < 200; ++look) {
      ledger.update(population.census(), now);
      const PopulationView view = ledger.view(now);
      check_look(view, population, first_members);
      EXPECT_GE(view.arrivals, highest_of_all.arrivals);
      EXPECT_GE(view.departures, highest_of_all.departures);
      highest_of_all = {view.arrivals, view.departures};
      for (const SiteView& line : view.sites) {
        // A site that had to be forgotten begins at 0: more sites than are kept.
        if (GetParam() > kKept && line.site->id != kOtherSite) continue;
        Counters& before = highest[line.site->id];
        EXPECT_GE(line.arrivals, before.arrivals);
        EXPECT_GE(line.departures, before.departures);
        before = {line.arrivals, line.departures};
      }
      population.step();
      now += 700ms;
    }
  }
}

TEST_P(PopulationProperty, EveryMemberIsInACohortOrOlderThanTheWindow) {
  RandomPopulation population{7, GetParam()};
  PopulationLedger ledger{PopulationKind::goroutine, kMaxSites, 1h};
  MonotonicTime now{1h};
  ledger.update(population.census(), now);
  for (int look = 0; look < 300; ++look) {
    population.step();
    now += 9s;
    ledger.update(population.census(), now);
    std::uint64_t members = 0;
    for (const SiteGrowth& growth : ledger.growth(now)) {
      std::uint64_t alive = 0;
      for (const Cohort& cohort : growth.cohorts) {
        EXPECT_LE(cohort.alive, cohort.arrived);
        alive += cohort.alive;
      }
      // The first look found nobody, and all looks are within the window.
      EXPECT_EQ(alive, growth.members) << to_string(growth.site->id);
      EXPECT_EQ(growth.old_departures, 0U);
      members += growth.members;
    }
    EXPECT_EQ(members, population.size());
  }
}

INSTANTIATE_TEST_SUITE_P(Sites, PopulationProperty, testing::Values(1U, kMaxSites, kMaxSites + 1, kKept, 3 * kKept));

}  // namespace
}  // namespace proctor
