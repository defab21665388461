#include "agent/findings/blocked_forever.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace proctor {
namespace {

GoroutineSnapshot waiting_with(const std::string& reason, std::uint64_t goid) {
  GoroutineSnapshot snapshot;
  Site site{.state = "waiting", .reason = reason, .user = {"main.park", "main.go", 7}};
  identify(site);
  snapshot.sites = {std::make_shared<const Site>(site)};
  GoroutineSample sample;
  sample.goid = goid;
  sample.state = GoroutineState::waiting;
  sample.waiting_since = MonotonicTime{std::chrono::seconds{10}};
  snapshot.goroutines = {sample, sample};
  return snapshot;
}

std::vector<Finding> detect(const GoroutineSnapshot& snapshot, const UnreachableSnapshot* unreachable = nullptr) {
  return detect_blocked_forever(snapshot, unreachable, WallTime{std::chrono::seconds{1000}},
                                MonotonicTime{std::chrono::seconds{70}});
}

TEST(BlockedForever, ANilChannelAndAnEmptySelectAreProven) {
  for (const char* reason : {"chan receive (nil chan)", "chan send (nil chan)", "select (no cases)"}) {
    const auto findings = detect(waiting_with(reason, 18));
    ASSERT_EQ(findings.size(), 1U) << reason;
    EXPECT_EQ(findings[0].certainty, Certainty::proven);
    EXPECT_EQ(findings[0].members, 2U);
    EXPECT_EQ(findings[0].oldest, std::chrono::seconds{60});
    EXPECT_EQ(findings[0].since, WallTime{std::chrono::seconds{940}});
    EXPECT_THAT(findings[0].says, testing::HasSubstr("main.park (main.go:7"));
  }
}

TEST(BlockedForever, WhatCanEndIsNone) {
  EXPECT_TRUE(detect(waiting_with("chan receive", 18)).empty());
  EXPECT_TRUE(detect(waiting_with("select", 18)).empty());
}

TEST(BlockedForever, WhoWaitsForWhatNothingRefersToIsSuspected) {
  auto snapshot = waiting_with("chan send", 18);
  snapshot.goroutines.push_back(snapshot.goroutines.front());
  snapshot.goroutines.back().goid = 19;
  snapshot.goroutines.back().wait_token = 5;
  UnreachableSnapshot unreachable;
  unreachable.goroutines = {{.goid = 18, .wait_token = 0, .held = Bytes{2048}}, {.goid = 19, .wait_token = 4}};
  const auto findings = detect(snapshot, &unreachable);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].certainty, Certainty::suspected);
  EXPECT_EQ(findings[0].members, 2U);  // 19 has moved since
  EXPECT_THAT(findings[0].says, testing::HasSubstr("nothing that can still run refers to"));
  EXPECT_THAT(findings[0].says, testing::HasSubstr("4 KiB"));
}

TEST(BlockedForever, WhatTheRuntimeItselfFoundLeakedIsSuspected) {
  auto snapshot = waiting_with("chan send", 18);
  for (GoroutineSample& goroutine : snapshot.goroutines) goroutine.state = GoroutineState::leaked;
  EXPECT_EQ(detect(snapshot).size(), 1U);
}

TEST(BlockedForever, TheMainGoroutineMayParkItselfForGood) {
  EXPECT_TRUE(detect(waiting_with("select (no cases)", 1)).empty());
}

}  // namespace
}  // namespace proctor
