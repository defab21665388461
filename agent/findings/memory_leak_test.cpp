#include "agent/findings/memory_leak.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

namespace proctor {
namespace {

using std::chrono::seconds;

constexpr double kMebibyte = 1024.0 * 1024.0;

/// Looks every ten seconds for an hour at a process that began at 0.
std::optional<Finding> verdict_on(const std::function<double(double second)>& mebibytes, double until = 3600) {
  const FindingsConfig config;
  Series series{kMemoryWindows * config.window};
  MonotonicTime now{};
  for (double second = 0; second <= until; second += 10) {
    now = MonotonicTime{std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(second))};
    series.add(now, mebibytes(second) * kMebibyte);
  }
  return detect_memory_leak(series, std::nullopt, config,
                            {.now = now, .wall = WallTime{}, .process_start = MonotonicTime{}}, false);
}

/// Whether any look of so many hours at a process that began at 0 finds a leak; looks once a minute.
bool ever(double hours, const std::function<double(double second)>& mebibytes) {
  const FindingsConfig config;
  Series series{kMemoryWindows * config.window};
  for (double second = 0; second <= hours * 3600; second += 60) {
    const MonotonicTime now{std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(second))};
    series.add(now, mebibytes(second) * kMebibyte);
    if (detect_memory_leak(series, std::nullopt, config,
                           {.now = now, .wall = WallTime{}, .process_start = MonotonicTime{}}, false))
      return true;
  }
  return false;
}

TEST(MemoryLeak, FindsSteadyGrowth) {
  const auto finding = verdict_on([](double t) { return 50 + t / 10; });
  ASSERT_TRUE(finding);
  EXPECT_NEAR(finding->per_second, 0.1 * kMebibyte, 0.005 * kMebibyte);
}

TEST(MemoryLeak, FindsGrowthUnderASawTooth) {
  EXPECT_TRUE(verdict_on([](double t) { return 50 + t / 10 + std::fmod(t, 120) / 4; }));
}

TEST(MemoryLeak, ASawToothAloneIsNone) {
  EXPECT_FALSE(verdict_on([](double t) { return 1024 + 1024 * std::fmod(t, 600) / 600; }));
}

TEST(MemoryLeak, AWarmUpThatLevelsOffIsNone) {
  for (double until = 600; until <= 3600; until += 60) {
    EXPECT_FALSE(verdict_on([](double t) { return 120 + 380 * (1 - std::exp(-t / 600)); }, until)) << until;
  }
}

TEST(MemoryLeak, AStepIsNone) {
  for (double until = 1500; until <= 3600; until += 60) {
    EXPECT_FALSE(verdict_on([](double t) { return t < 1400 ? 50 : 700; }, until)) << until;
  }
}

TEST(MemoryLeak, ASmallSpikingProcessIsNone) {
  EXPECT_FALSE(verdict_on([](double t) { return std::fmod(t, 2400) < 120 ? 28.0 : 12.0; }));
}

TEST(MemoryLeak, AShortLivedProcessIsNone) {
  EXPECT_FALSE(verdict_on([](double t) { return t; }, 300));
}

// What follows are reported series, each of days in which nothing leaks.

TEST(MemoryLeak, ARuntimeThatClaimsMemoryAfterItsStartIsNone) {
  for (const double hours : {0.25, 0.5, 0.75}) {
    EXPECT_FALSE(ever(24, [&](double t) { return 120 + 380 * (1 - std::exp(-t / 3600 / hours)); })) << hours;
  }
}

TEST(MemoryLeak, ACacheThatFillsForThreeHoursOfEightIsNone) {
  EXPECT_FALSE(ever(96, [](double t) { return 40 + 90 * std::min(1.0, std::fmod(t / 3600, 8) / 3); }));
}

TEST(MemoryLeak, ASmallProcessWithSpikesIsNone) {
  EXPECT_FALSE(ever(96, [](double t) { return std::fmod(t, 2400) < 120 ? 28.0 : 12.0; }));
}

TEST(MemoryLeak, BurstsThatFallBackAreNone) {
  // Three times a day a fifth more within ten minutes, for two hours.
  EXPECT_FALSE(ever(96, [](double t) {
    const double since = std::fmod(t, 8 * 3600);
    return since > 2 * 3600 ? 1000 : 1000 + 200 * std::min(1.0, since / 600);
  }));
}

TEST(MemoryLeak, OnePeakThatStaysIsNone) {
  EXPECT_FALSE(ever(96, [](double t) { return t < 3600 ? 50 : 700; }));
  EXPECT_FALSE(ever(96, [](double t) { return t < 3600 ? 88 : t < 4000 ? 842 : 745; }));
}

TEST(MemoryLeak, AHeapThatDoublesBeforeEachCollectionIsNone) {
  EXPECT_FALSE(ever(24, [](double t) { return 1024 + 1024 * std::fmod(t, 600) / 600; }));
}

TEST(MemoryLeak, ADayOfLoadIsNone) {
  // A hundred connections of 400 KiB at noon, none at midnight.
  EXPECT_FALSE(ever(96, [](double t) { return 300 + 20 * (1 - std::cos(t / 86400 * 2 * 3.14159)); }));
}

TEST(MemoryLeak, ABatchJobThatTakesAndGivesIsNone) {
  EXPECT_FALSE(ever(24, [](double t) { return std::fmod(t, 3600) < 900 ? 200 + std::fmod(t, 3600) : 200; }));
}

TEST(MemoryLeak, ALeakIsFoundInTwoWindows) {
  EXPECT_FALSE(ever(0.3, [](double t) { return 50 + t / 60; }));
  EXPECT_TRUE(ever(0.6, [](double t) { return 50 + t / 60; }));
  EXPECT_TRUE(ever(0.6, [](double t) { return 50 + t; }));
  // Beside a load that comes and goes.
  EXPECT_TRUE(ever(0.6, [](double t) { return 300 + t / 30 + 20 * (1 + std::sin(t / 40)); }));
}

TEST(SecondsLeft, AreThoseOfThePace) {
  const FindingsConfig config;
  Series series{config.window};
  for (int i = 0; i <= 900; i += 10) series.add(MonotonicTime{} + seconds{i}, i);
  EXPECT_NEAR(seconds_left(series, 1900, config).value(), 1000, 20);
}

TEST(SecondsLeft, AreAbsentWhereNothingGrows) {
  const FindingsConfig config;
  Series series{config.window};
  for (int i = 0; i <= 900; i += 10) series.add(MonotonicTime{} + seconds{i}, 900 - i);
  EXPECT_FALSE(seconds_left(series, 1900, config));
}

/// What is found at a heap that takes so many MiB a second and is collected when it has doubled; the first hour.
std::optional<Finding> verdict_on_heap(const std::function<double(double second)>& mebibytes) {
  FindingsConfig config;
  config.window = seconds{12};
  config.warm_up = seconds{2};
  Collections collections;
  double collected = 4;
  std::uint64_t cycles = 0;
  std::optional<Finding> found;
  for (double second = 0; second < 120; second += 0.5) {
    const MonotonicTime now{std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(second))};
    const double size = mebibytes(second);
    if (size >= 2 * collected) {
      collected = size;
      collections.add(++cycles, now, size * kMebibyte);
    }
    auto finding = detect_heap_leak(collections, size * kMebibyte, config,
                                    {.now = now, .wall = WallTime{}, .process_start = MonotonicTime{}});
    if (finding) found = finding;
  }
  return found;
}

TEST(HeapLeak, OneThatDoublesBetweenItsCollectionsIsFound) {
  const auto finding = verdict_on_heap([](double second) { return 20 * second; });
  ASSERT_TRUE(finding);
  EXPECT_NEAR(finding->per_second, 20 * kMebibyte, kMebibyte);
}

TEST(HeapLeak, WhatWasTakenOnceOrLevelsOffIsNone) {
  EXPECT_FALSE(verdict_on_heap([](double second) { return second < 3 ? 5.0 : 500.0; }));
  EXPECT_FALSE(verdict_on_heap([](double second) { return std::min(20 * second, 300.0); }));
  EXPECT_FALSE(verdict_on_heap([](double second) { return 1000 * (1 - std::exp(-second / 10)); }));
}

}  // namespace
}  // namespace proctor
