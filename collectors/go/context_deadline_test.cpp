#include "collectors/go/context_deadline.h"

#include <gtest/gtest.h>

namespace proctor {
namespace {

constexpr std::uint64_t kMonotonic = std::uint64_t{1} << 63;

TEST(WallTimeOf, AMonotonicReadingPacksSecondsSince1885) {
  // 2026-01-01T00:00:00.5Z
  const std::uint64_t seconds = 1767225600 + 62135596800 - 59453308800;
  const auto time = wall_time_of(kMonotonic | seconds << 30 | 500'000'000, 12345);
  ASSERT_TRUE(time);
  EXPECT_EQ(*time, WallTime{std::chrono::milliseconds{1767225600500}});
}

TEST(WallTimeOf, WithoutOneTheSecondWordHasThem) {
  const auto time = wall_time_of(7, 1767225600 + 62135596800);
  ASSERT_TRUE(time);
  EXPECT_EQ(*time, WallTime{std::chrono::seconds{1767225600} + std::chrono::nanoseconds{7}});
}

TEST(WallTimeOf, WhatIsNoTimeOfThisCenturyIsRefused) {
  EXPECT_FALSE(wall_time_of(0, 0));
  EXPECT_FALSE(wall_time_of(~std::uint64_t{0}, 0));
  EXPECT_FALSE(wall_time_of(0, INT64_MAX));
  EXPECT_FALSE(wall_time_of(0, INT64_MIN));
  EXPECT_FALSE(wall_time_of(0x7fffffffffffffff, 100));
}

}  // namespace
}  // namespace proctor
