#include "agent/findings/leak_detector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>

#include "agent/findings/spike.h"

namespace proctor {
namespace {

using std::chrono::seconds;

constexpr MonotonicTime kStart{std::chrono::hours{1}};

/// One site over simulated time, through the real ledger: what `step` says lives at each second is what a look sees.
class Simulation {
 public:
  Simulation() : ledger_(PopulationKind::goroutine, 50, config_.window) {
    config_.window = std::chrono::minutes{15};
    ledger_ = PopulationLedger{PopulationKind::goroutine, 50, config_.window};
    site_ = Site{.state = "waiting", .reason = "chan send", .user = {"main.send", "/src/main.go", 52}};
    identify(site_);
  }

  /// Looks every ten seconds from `begin` to `end` after the start of the process.
  void run(int begin, int end, const std::function<std::vector<std::uint64_t>(int second)>& living) {
    for (int second = begin; second <= end; second += 10) {
      Census census{.kind = PopulationKind::goroutine, .sites = {std::make_shared<const Site>(site_)}};
      for (const std::uint64_t id : living(second)) census.members.push_back({.key = {.first = id}});
      now_ = kStart + seconds{second};
      ledger_.update(census, now_);
    }
  }

  /// The same of members that are read in every twentieth look only; all others see what that saw.
  void run_seldom_read(int begin, int end, const std::function<std::vector<std::uint64_t>(int second)>& living) {
    for (int second = begin; second <= end; second += 10) {
      now_ = kStart + seconds{second};
      if ((second - begin) % 200 != 0) {
        ledger_.age(now_);
        continue;
      }
      Census census{.kind = PopulationKind::goroutine, .sites = {std::make_shared<const Site>(site_)}};
      for (const std::uint64_t id : living(second)) census.members.push_back({.key = {.first = id}});
      census.read_at = now_;
      ledger_.update(census, now_);
    }
  }

  std::optional<Finding> spike() const {
    const Instant instant{.now = now_, .wall = WallTime{seconds{1'800'000'000}}, .process_start = kStart};
    for (const SiteGrowth& growth : ledger_.growth(now_)) {
      if (auto finding = detect_spike(growth, config_, instant)) return finding;
    }
    return std::nullopt;
  }

  std::optional<Finding> verdict() const {
    if (now_ == MonotonicTime{}) return std::nullopt;
    const Instant instant{.now = now_, .wall = WallTime{seconds{1'800'000'000}}, .process_start = kStart};
    for (const SiteGrowth& growth : ledger_.growth(now_)) {
      if (auto finding = detect_leak(PopulationKind::goroutine, growth, config_, instant)) return finding;
    }
    return std::nullopt;
  }

 private:
  FindingsConfig config_;
  PopulationLedger ledger_;
  Site site_;
  MonotonicTime now_{};
};

std::vector<std::uint64_t> numbers(std::uint64_t begin, std::uint64_t end) {
  std::vector<std::uint64_t> result;
  for (std::uint64_t i = begin; i < end; ++i) result.push_back(i);
  return result;
}

TEST(LeakDetector, ThePaceIsTheSameHoweverSeldomTheyAreRead) {
  for (const int end : {3000, 3050, 3100, 3190}) {
    Simulation simulation;
    simulation.run_seldom_read(200, end, [](int second) { return numbers(0, static_cast<std::uint64_t>(second) / 2); });
    const auto finding = simulation.verdict();
    ASSERT_TRUE(finding) << end;
    EXPECT_NEAR(finding->per_second, 0.5, 0.02) << end;
    // None of those that are dated here came before the window.
    EXPECT_GE(finding->growth.front().begin - finding->growth_apart, kStart + seconds{end} - std::chrono::minutes{15});
  }
}

TEST(LeakDetector, FindsWhatArrivesAndNeverDeparts) {
  Simulation simulation;
  simulation.run(600, 1500, [](int second) { return numbers(0, static_cast<std::uint64_t>(second)); });
  const auto finding = simulation.verdict();
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->kind, FindingKind::goroutine_leak);
  EXPECT_NEAR(finding->per_second, 1, 0.1);
  EXPECT_THAT(finding->says, testing::HasSubstr("main.send (main.go:52, chan send)"));
  EXPECT_THAT(finding->advice, testing::HasSubstr("nobody receives"));
}

TEST(LeakDetector, FindsTheOneInTwentyThatStays) {
  Simulation simulation;
  simulation.run(600, 2400, [](int second) {
    std::vector<std::uint64_t> living;
    for (int i = 0; i < second; ++i) {
      if (i % 20 == 0 || second - i < 30) living.push_back(static_cast<std::uint64_t>(i));
    }
    return living;
  });
  const auto finding = simulation.verdict();
  ASSERT_TRUE(finding);
  EXPECT_NEAR(finding->per_second, 0.05, 0.01);
}

TEST(LeakDetector, ABusySiteIsNone) {
  Simulation simulation;
  simulation.run(600, 1500, [](int second) {
    return numbers(static_cast<std::uint64_t>(second) - 60, static_cast<std::uint64_t>(second));
  });
  EXPECT_FALSE(simulation.verdict());
}

TEST(LeakDetector, AConstantPoolIsNone) {
  Simulation simulation;
  simulation.run(600, 1500, [](int) { return numbers(0, 500); });
  EXPECT_FALSE(simulation.verdict());
}

TEST(LeakDetector, ABurstIsNone) {
  Simulation simulation;
  simulation.run(600, 1500, [](int second) { return numbers(0, second < 900 ? 100 : 44'000); });
  EXPECT_FALSE(simulation.verdict());
}

TEST(LeakDetector, ABacklogThatDrainsInOrderIsNone) {
  Simulation simulation;
  // Twice as many come as go: the oldest go first.
  simulation.run(600, 1500, [](int second) {
    const auto s = static_cast<std::uint64_t>(second);
    return numbers(600 + (s - 600) / 2, s);
  });
  EXPECT_FALSE(simulation.verdict());
}

TEST(LeakDetector, APoolThatFillsWhileTheProcessWarmsUpIsNone) {
  Simulation simulation;
  simulation.run(0, 900, [](int second) { return numbers(0, static_cast<std::uint64_t>(std::min(second, 290))); });
  EXPECT_FALSE(simulation.verdict());
}

TEST(LeakDetector, LongLivedConnectionsInBalanceAreNone) {
  Simulation simulation;
  // Each lives for an hour, longer than the window; as many go as come.
  simulation.run(3600, 7200, [](int second) {
    return numbers(static_cast<std::uint64_t>(second) - 3600, static_cast<std::uint64_t>(second));
  });
  EXPECT_FALSE(simulation.verdict());
}

TEST(LeakDetector, RandomLifetimesInBalanceAreNone) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    Simulation simulation;
    std::mt19937 random{seed};
    std::exponential_distribution<double> lifetime{1.0 / 600};
    std::vector<double> ends;
    simulation.run(0, 5400, [&](int second) {
      while (static_cast<int>(ends.size()) < second)
        ends.push_back(static_cast<double>(ends.size()) + lifetime(random));
      std::vector<std::uint64_t> living;
      for (std::size_t i = 0; i < ends.size(); ++i) {
        if (ends[i] > second) living.push_back(i);
      }
      return living;
    });
    EXPECT_FALSE(simulation.verdict()) << "seed " << seed;
  }
}

TEST(LeakDetector, AStepThatIsRepeatedIsALeakAndASingleOneIsNot) {
  Simulation once;
  once.run(600, 1500, [](int second) { return numbers(0, second < 700 ? 5 : 25); });
  EXPECT_FALSE(once.verdict());
  Simulation repeated;
  repeated.run(600, 1500, [](int second) { return numbers(0, static_cast<std::uint64_t>(second / 200 * 5)); });
  EXPECT_TRUE(repeated.verdict());
}

TEST(LeakDetector, AGrowthThatHasEndedIsNoLonger) {
  Simulation simulation;
  simulation.run(600, 2000, [](int second) { return numbers(0, static_cast<std::uint64_t>(std::min(second, 1400))); });
  EXPECT_FALSE(simulation.verdict());
}

constexpr int kHour = 3600;

TEST(LeakDetector, FindsSixAnHour) {
  Simulation simulation;
  simulation.run(600, 600 + 3 * kHour,
                 [](int second) { return numbers(0, 240 + static_cast<std::uint64_t>(second) / 600); });
  const auto finding = simulation.verdict();
  ASSERT_TRUE(finding);
  EXPECT_NEAR(finding->per_second * kHour, 6, 1);
  EXPECT_THAT(finding->says, testing::HasSubstr("per hour"));
}

TEST(LeakDetector, APoolThatGrewForAnHourAndStaysIsNone) {
  Simulation simulation;
  simulation.run(600, 600 + 6 * kHour, [](int second) {
    return numbers(0, 20 + static_cast<std::uint64_t>(std::min(second, 600 + kHour)) / 100);
  });
  EXPECT_FALSE(simulation.verdict());
}

TEST(LeakDetector, AMorningOfBusyConnectionsIsNone) {
  Simulation simulation;
  // From 10 to 250 at once over six hours, each for four minutes.
  bool found = false;
  simulation.run(600, 600 + 6 * kHour, [&](int second) {
    found = found || simulation.verdict();
    const auto living = static_cast<std::uint64_t>(10 + second / 90);
    const auto first = static_cast<std::uint64_t>(second) * living / 240;
    return numbers(first, first + living);
  });
  EXPECT_FALSE(found);
}

TEST(Spike, ABurstIsOneUntilItHasDrained) {
  Simulation simulation;
  simulation.run(0, 3600, [](int) { return numbers(1, 20); });
  EXPECT_FALSE(simulation.spike());
  simulation.run(3610, 3620, [](int) { return numbers(1, 44'000); });
  const auto spike = simulation.spike();
  ASSERT_TRUE(spike);
  EXPECT_EQ(spike->members, 43'980U);
  EXPECT_FALSE(simulation.verdict());
  simulation.run(3630, 3700, [](int) { return numbers(1, 20); });
  EXPECT_FALSE(simulation.spike());
  EXPECT_FALSE(simulation.verdict());
}

TEST(Spike, WhatStaysForAWindowIsWhatThereIs) {
  Simulation simulation;
  simulation.run(0, 3600, [](int) { return numbers(1, 20); });
  simulation.run(3610, 3600 + 1000, [](int) { return numbers(1, 1'000); });
  EXPECT_FALSE(simulation.spike());
}

TEST(Spike, LoadThatRisesIsNone) {
  Simulation simulation;
  simulation.run(0, 7200, [](int second) {
    const auto now = static_cast<std::uint64_t>(second);
    return numbers(now, 2 * now);  // as many more as time goes on, each there for as long
  });
  EXPECT_FALSE(simulation.spike());
  Simulation start;
  start.run(0, 200, [](int) { return numbers(1, 10'000); });
  EXPECT_FALSE(start.spike());
}

}  // namespace
}  // namespace proctor
