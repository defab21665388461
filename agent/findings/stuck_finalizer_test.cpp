#include "agent/findings/stuck_finalizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace proctor {
namespace {

GoroutineSnapshot standing_in(const Site& site) {
  GoroutineSnapshot snapshot;
  snapshot.sites = {std::make_shared<const Site>(site)};
  GoroutineSample sample;
  sample.system = true;
  sample.state = GoroutineState::waiting;
  sample.waiting_since = MonotonicTime{std::chrono::seconds{100}};
  snapshot.goroutines = {sample};
  return snapshot;
}

Site stuck_site() {
  Site site{.state = "waiting", .reason = "chan receive", .user = {"main.(*File).close", "main.go", 9}};
  site.frames = {{"runtime.gopark", "proc.go", 1}, site.user, {"runtime.runFinalizers", "mfinal.go", 2}};
  identify(site);
  return site;
}

std::vector<Finding> detect(const GoroutineSnapshot& snapshot, std::chrono::seconds age) {
  const MonotonicTime now = *snapshot.goroutines[0].waiting_since + age;
  return FinalizerWatch{}.look(snapshot, WallTime{}, now);
}

TEST(StuckFinalizer, OneThatBlocksForLongIsFound) {
  const auto snapshot = standing_in(stuck_site());
  const auto findings = detect(snapshot, std::chrono::seconds{30});
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_THAT(findings[0].says, testing::HasSubstr("main.(*File).close (main.go:9"));
}

TEST(StuckFinalizer, OneThatBlocksForAMomentIsNone) {
  const auto snapshot = standing_in(stuck_site());
  EXPECT_TRUE(detect(snapshot, std::chrono::seconds{2}).empty());
}

TEST(StuckFinalizer, OneThatNoCollectionHasSeenIsFoundByItsLooks) {
  auto snapshot = standing_in(stuck_site());
  snapshot.goroutines[0].waiting_since.reset();
  FinalizerWatch watch;
  const MonotonicTime first{std::chrono::seconds{100}};
  const auto look = [&](int second) {
    return watch.look(snapshot, WallTime{}, first + std::chrono::seconds{second}).size();
  };
  EXPECT_EQ(look(0), 0U);
  EXPECT_EQ(look(9), 0U);
  EXPECT_EQ(look(11), 1U);
  ++snapshot.goroutines[0].wait_token;  // it went on, and waits in the next call
  EXPECT_EQ(look(12), 0U);
  EXPECT_EQ(look(23), 1U);
}

TEST(StuckFinalizer, OneWithoutWorkIsNone) {
  Site idle = stuck_site();
  idle.user = {"runtime.gopark", "proc.go", 1};
  const auto snapshot = standing_in(idle);
  EXPECT_TRUE(detect(snapshot, std::chrono::seconds{30}).empty());
}

}  // namespace
}  // namespace proctor
