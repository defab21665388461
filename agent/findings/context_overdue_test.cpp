#include "agent/findings/context_overdue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace proctor {
namespace {

constexpr WallTime kNow{std::chrono::seconds{2000}};

GoroutineSnapshot holding(std::chrono::seconds deadline, ContextEnd end) {
  GoroutineSnapshot snapshot;
  Site site{.state = "waiting", .reason = "chan send", .user = {"main.fetch", "main.go", 20}};
  identify(site);
  snapshot.sites = {std::make_shared<const Site>(site)};
  GoroutineSample sample;
  sample.state = GoroutineState::waiting;
  sample.context_deadline = WallTime{deadline};
  sample.context_end = end;
  snapshot.goroutines = {sample, sample, sample};
  return snapshot;
}

TEST(ContextOverdue, WhoWaitsLongPastADeadlineIsFound) {
  const auto snapshot = holding(std::chrono::seconds{1940}, ContextEnd::expired);
  const auto findings = detect_context_overdue(snapshot, kNow);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].members, 3U);
  EXPECT_EQ(findings[0].oldest, std::chrono::seconds{60});
  EXPECT_THAT(findings[0].says, testing::HasSubstr("main.fetch (main.go:20, chan send)"));
  EXPECT_EQ(count_overdue(snapshot, kNow), 3U);
}

TEST(ContextOverdue, ADeadlineAheadIsNone) {
  EXPECT_TRUE(detect_context_overdue(holding(std::chrono::seconds{2100}, ContextEnd::open), kNow).empty());
}

TEST(ContextOverdue, AMomentToReturnIsGranted) {
  EXPECT_TRUE(detect_context_overdue(holding(std::chrono::seconds{1998}, ContextEnd::expired), kNow).empty());
}

TEST(ContextOverdue, WhatWasCancelledInTimeIsNone) {
  EXPECT_TRUE(detect_context_overdue(holding(std::chrono::seconds{1000}, ContextEnd::cancelled), kNow).empty());
}

}  // namespace
}  // namespace proctor
