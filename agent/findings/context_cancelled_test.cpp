#include "agent/findings/context_cancelled.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace proctor {
namespace {

constexpr WallTime kNow{std::chrono::seconds{2000}};

/// Three goroutines of one site, of which the first and the last were seen with a cancelled context.
GoroutineSnapshot cancelled_at(std::chrono::seconds first, std::chrono::seconds last) {
  GoroutineSnapshot snapshot;
  Site site{.state = "waiting", .reason = "chan send", .user = {"main.fetch", "main.go", 20}};
  identify(site);
  snapshot.sites = {std::make_shared<const Site>(site)};
  GoroutineSample sample;
  sample.state = GoroutineState::waiting;
  snapshot.goroutines = {sample, sample, sample};
  snapshot.cancelled = {{.goroutine = 0, .seen_at = WallTime{first}}, {.goroutine = 2, .seen_at = WallTime{last}}};
  return snapshot;
}

TEST(ContextCancelled, WhoWaitsLongAfterItIsFound) {
  const auto findings =
      detect_context_cancelled(cancelled_at(std::chrono::seconds{1990}, std::chrono::seconds{1940}), kNow);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].kind, FindingKind::context_cancelled);
  EXPECT_EQ(findings[0].members, 2U);
  EXPECT_EQ(findings[0].oldest, std::chrono::seconds{60});
  EXPECT_EQ(findings[0].since, WallTime{std::chrono::seconds{1940}});
  EXPECT_THAT(findings[0].says, testing::HasSubstr("main.fetch (main.go:20, chan send)"));
}

TEST(ContextCancelled, SomeTimeToFinishIsGranted) {
  EXPECT_TRUE(
      detect_context_cancelled(cancelled_at(std::chrono::seconds{1980}, std::chrono::seconds{1975}), kNow).empty());
}

}  // namespace
}  // namespace proctor
