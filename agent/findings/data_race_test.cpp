#include "agent/findings/data_race.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace proctor {
namespace {

TEST(DataRace, WhatTheDetectorReportedIsTold) {
  GoRuntimeFigures figures;
  EXPECT_FALSE(detect_data_race(figures, WallTime{}));  // no build with a detector
  figures.race_reports = 0;
  EXPECT_FALSE(detect_data_race(figures, WallTime{}));
  figures.race_reports = 2;
  const auto finding = detect_data_race(figures, WallTime{});
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->members, 2U);
  EXPECT_THAT(finding->says, testing::HasSubstr("2 data races"));
}

}  // namespace
}  // namespace proctor
