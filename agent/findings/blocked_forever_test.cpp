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

std::vector<Finding> detect(const GoroutineSnapshot& snapshot) {
  return detect_blocked_forever(snapshot, WallTime{std::chrono::seconds{1000}},
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

TEST(BlockedForever, TheMainGoroutineMayParkItselfForGood) {
  EXPECT_TRUE(detect(waiting_with("select (no cases)", 1)).empty());
}

}  // namespace
}  // namespace proctor
