#include "agent/history/series.h"

#include <gtest/gtest.h>

namespace proctor {
namespace {

using std::chrono::seconds;

std::vector<Point> line(double slope, int points) {
  std::vector<Point> result;
  for (int i = 0; i < points; ++i) result.push_back({MonotonicTime{} + seconds{i}, slope * i});
  return result;
}

TEST(Slope, OfALineIsItsSlope) { EXPECT_DOUBLE_EQ(slope_per_second(line(2.5, 20)).value(), 2.5); }

TEST(Slope, IsNotMovedByAFewSpikes) {
  auto points = line(1, 30);
  for (const std::size_t i : {3U, 11U, 29U}) points[i].value += 1e9;
  EXPECT_NEAR(slope_per_second(points).value(), 1, 0.2);
}

TEST(Slope, OfTwoPointsIsNotKnown) { EXPECT_FALSE(slope_per_second(line(1, 2))); }

TEST(Series, KeepsABoundedNumberOfPointsOverTheWindow) {
  Series series{seconds{640}};
  for (int i = 0; i < 100'000; ++i) series.add(MonotonicTime{} + std::chrono::milliseconds{100 * i}, i);
  EXPECT_LE(series.points().size(), Series::kPoints + 1);
  EXPECT_GE(series.covered(), seconds{600});
}

TEST(Series, KeepsTheFloorOfASlot) {
  Series series{seconds{640}};
  for (const double value : {5.0, 3.0, 9.0}) series.add(MonotonicTime{} + seconds{1}, value);
  EXPECT_EQ(series.points().front().value, 3.0);
}

}  // namespace
}  // namespace proctor
