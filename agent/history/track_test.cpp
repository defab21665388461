#include "agent/history/track.h"

#include <gtest/gtest.h>

namespace proctor {
namespace {

WallTime at(int second) { return WallTime{std::chrono::seconds{second}}; }

TEST(Track, AValueThatStaysIsOnePoint) {
  Track track;
  EXPECT_TRUE(track.add(at(1), 5));
  EXPECT_FALSE(track.add(at(2), 5));
  EXPECT_TRUE(track.add(at(3), 6));
  ASSERT_EQ(track.points().size(), 2U);
  EXPECT_EQ(track.points()[1].at, at(3));
}

TEST(Track, ItIsBoundedAndKeepsItsFirstAndItsLast) {
  Track track;
  for (int second = 0; second < 100'000; ++second) track.add(at(second), second);
  EXPECT_LE(track.points().size(), Track::kPoints);
  EXPECT_GE(track.points().size(), Track::kPoints / 2);
  EXPECT_EQ(track.points().front().at, at(0));
  EXPECT_EQ(track.points().back().at, at(99'999));
  for (std::size_t i = 1; i < track.points().size(); ++i) EXPECT_LT(track.points()[i - 1].at, track.points()[i].at);
}

}  // namespace
}  // namespace proctor
