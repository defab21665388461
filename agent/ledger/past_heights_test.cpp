#include "agent/ledger/past_heights.h"

#include <gtest/gtest.h>

namespace proctor {
namespace {

using std::chrono::seconds;

constexpr MonotonicTime at(int second) { return MonotonicTime{seconds{second}}; }

TEST(PastHeights, AShortPeakIsNoHeightAndALongOneIs) {
  PastHeights heights{seconds{100}};
  for (int second = 0; second < 1000; second += 5) {
    heights.add(at(second), second >= 400 && second < 520 ? 500 : 100);
  }
  EXPECT_EQ(heights.highest_before(at(900)), 500);
  EXPECT_EQ(heights.highest_before(at(20)), std::nullopt);
  PastHeights short_peak{seconds{100}};
  for (int second = 0; second < 1000; second += 5)
    short_peak.add(at(second), second >= 210 && second < 240 ? 900 : 100);
  EXPECT_EQ(short_peak.highest_before(at(900)), 100);
}

TEST(PastHeights, WhatIsLongAgoIsForgottenAndTheRestKeptInLittle) {
  PastHeights heights{seconds{100}};
  for (int second = 0; second < 30'000; second += 5) heights.add(at(second), second < 1000 ? 900 : 100);
  EXPECT_EQ(heights.highest_before(at(29'000)), 100);
  PastHeights young{seconds{100}};
  for (int second = 0; second < 15'000; second += 5) young.add(at(second), second < 1000 ? 900 : 100);
  EXPECT_EQ(young.highest_before(at(14'000)), 900);
}

}  // namespace
}  // namespace proctor
