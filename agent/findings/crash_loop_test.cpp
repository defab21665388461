#include "agent/findings/crash_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace proctor {
namespace {

using std::chrono::seconds;

constexpr Nanoseconds kWindow = std::chrono::minutes{10};

LimitUse use(const char* resource, double used) { return {.resource = resource, .used = used, .limit = 1000}; }

/// A process that was looked at as it began, and twice before it ended after this many seconds.
LimitPast past_of(const LimitUse& first, const std::optional<LimitUse>& last, int lived, WallTime at, int near = 10) {
  LimitPast past;
  past.add(first, seconds{1}, at - seconds{lived});
  past.add(last, seconds{lived - near}, at - seconds{near});
  past.add(last, seconds{lived}, at);
  return past;
}

/// Processes of one target that ended like this, one every ten minutes.
Endings ended(std::initializer_list<std::optional<LimitUse>> uses) {
  Endings endings;
  WallTime at{seconds{1'800'000'000}};
  for (const auto& last : uses) {
    at += std::chrono::minutes{10};
    endings.add("shop", ending_of(past_of(use("fds", 10), last, 300, at), kWindow));
  }
  return endings;
}

TEST(CrashLoop, ProcessesThatGrowUntilTheyEndAreTold) {
  const Endings endings = ended({use("fds", 990), use("fds", 850)});
  const auto finding = detect_crash_loop(endings.of("shop"), seconds{20});
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->kind, FindingKind::crash_loop);
  EXPECT_EQ(finding->members, 2U);
  EXPECT_EQ(finding->since, WallTime{seconds{1'800'000'000 + 300}});
  EXPECT_THAT(finding->says, testing::HasSubstr("850 of 1000, after 300 s"));
  EXPECT_TRUE(endings.of("other").empty());
}

TEST(CrashLoop, OneThatLivesLongerThanThoseBeforeItIsNone) {
  const Endings endings = ended({use("fds", 990), use("fds", 990), use("fds", 990)});
  EXPECT_TRUE(detect_crash_loop(endings.of("shop"), seconds{600}));
  EXPECT_FALSE(detect_crash_loop(endings.of("shop"), seconds{601}));
}

TEST(CrashLoop, OneEndingAloneIsNone) {
  EXPECT_FALSE(detect_crash_loop(ended({use("fds", 990)}).of("shop"), seconds{20}));
}

TEST(CrashLoop, AnEndWithEnoughLeftIsTheEndOfIt) {
  EXPECT_TRUE(ended({use("fds", 990), use("fds", 990), use("fds", 700)}).of("shop").empty());
  EXPECT_TRUE(ended({use("fds", 990), use("fds", 990), std::nullopt}).of("shop").empty());
}

TEST(CrashLoop, AnotherResourceIsAnotherMatter) {
  EXPECT_FALSE(detect_crash_loop(ended({use("fds", 990), use("threads", 990)}).of("shop"), seconds{20}));
}

TEST(CrashLoop, WhoNeedsMostOfItFromTheStartDoesNotGrow) {
  EXPECT_FALSE(ending_of(past_of(use("memory", 750), use("memory", 900), 300, {}), kWindow));
  EXPECT_TRUE(ending_of(past_of(use("memory", 600), use("memory", 900), 300, {}), kWindow));
}

TEST(CrashLoop, OneThatHasSettledNearItsLimitIsReplacedAndDoesNotCrash) {
  EXPECT_TRUE(ending_of(past_of(use("memory", 100), use("memory", 900), 300, {}, 140), kWindow));
  EXPECT_FALSE(ending_of(past_of(use("memory", 100), use("memory", 900), 300, {}, 200), kWindow));
}

TEST(CrashLoop, ALifeLongEnoughForALeakToBeToldIsNone) {
  EXPECT_TRUE(ending_of(past_of(use("memory", 100), use("memory", 900), 2400, {}), kWindow));
  EXPECT_FALSE(ending_of(past_of(use("memory", 100), use("memory", 900), 2401, {}), kWindow));
}

TEST(CrashLoop, ALeakOfTheSameResourceIsItsCause) {
  const Endings endings = ended({use("fds", 990), use("fds", 990)});
  auto loop = detect_crash_loop(endings.of("shop"), seconds{20});
  ASSERT_TRUE(loop);
  std::vector<Finding> findings{{.kind = FindingKind::memory_leak, .says = "Memory grows."}};
  link_crash_loop(*loop, "fds", findings);
  EXPECT_FALSE(loop->cause);
  findings.push_back({.kind = FindingKind::fd_leak, .says = "Descriptors stay."});
  link_crash_loop(*loop, "fds", findings);
  ASSERT_TRUE(loop->cause);
  EXPECT_EQ(loop->cause->kind, FindingKind::fd_leak);
  EXPECT_THAT(findings[1].says, testing::HasSubstr("The last 2 processes"));
}

}  // namespace
}  // namespace proctor
