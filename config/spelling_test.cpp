#include "config/spelling.h"

#include <gtest/gtest.h>

#include <array>

namespace proctor {
namespace {

constexpr std::array<std::string_view, 4> kKeys{"interval", "cpu_budget", "memory_budget", "all"};

TEST(Spelling, CountsTheSlips) {
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("interval", "interval"), 0U);
  EXPECT_EQ(edit_distance("intervall", "interval"), 1U);
  EXPECT_EQ(edit_distance("intevral", "interval"), 1U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(Spelling, FindsTheNearestWord) {
  EXPECT_EQ(meant("intervall", kKeys), "interval");
  EXPECT_EQ(meant("cpu-budget", kKeys), "cpu_budget");
  EXPECT_EQ(meant("memory_buget", kKeys), "memory_budget");
}

TEST(Spelling, DoesNotGuessWhereNothingIsNear) {
  EXPECT_EQ(meant("endpoint", kKeys), std::nullopt);
  EXPECT_EQ(meant("", kKeys), std::nullopt);
  EXPECT_EQ(meant(std::string(10'000, 'a'), kKeys), std::nullopt);
  EXPECT_EQ(did_you_mean("endpoint", kKeys), "");
}

}  // namespace
}  // namespace proctor
