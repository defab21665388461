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
  Series series{config.window};
  MonotonicTime now{};
  for (double second = 0; second <= until; second += 10) {
    now = MonotonicTime{std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(second))};
    series.add(now, mebibytes(second) * kMebibyte);
  }
  return detect_memory_leak(series, config, {.now = now, .wall = WallTime{}, .process_start = MonotonicTime{}});
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

}  // namespace
}  // namespace proctor
