#include "agent/findings/deadlock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace proctor {
namespace {

LockWait wait(std::int32_t waiter, std::optional<Tid> owner) {
  return {.waiter = Tid{waiter},
          .address = RemoteAddress{0x5500},
          .owner = owner,
          .known = owner ? LockOwner::named : LockOwner::gone};
}

ThreadSnapshot two_threads() {
  ThreadSnapshot threads;
  threads.sites = {std::make_shared<const Site>(Site{.name = "worker", .user = {"Pool::run", "pool.cpp", 41}}),
                   std::make_shared<const Site>(Site{.name = "logger", .user = {"logger", "", 0}})};
  threads.threads = {{.tid = Tid{12}, .site = 0}, {.tid = Tid{13}, .site = 1}};
  return threads;
}

TEST(Deadlock, ACycleIsProvenAndNamesItsThreads) {
  const LockSnapshot locks{.waits = {wait(12, Tid{13}), wait(13, Tid{12})}, .cycles = {{Tid{12}, Tid{13}}}};
  const ThreadSnapshot threads = two_threads();
  const auto findings = detect_deadlocks(locks, &threads, WallTime{});
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].kind, FindingKind::deadlock);
  EXPECT_EQ(findings[0].certainty, Certainty::proven);
  EXPECT_EQ(findings[0].members, 2U);
  EXPECT_THAT(findings[0].says,
              testing::HasSubstr(
                  "thread 12 (worker, in Pool::run pool.cpp:41) waits for the mutex at 0x5500, which 13 (logger)"));
}

TEST(Deadlock, AQueueIsNone) {
  EXPECT_TRUE(detect_deadlocks({.waits = {wait(12, Tid{13})}, .cycles = {}}, nullptr, WallTime{}).empty());
}

TEST(Deadlock, AnOwnerThatIsGoneIsItsOwnFinding) {
  const auto findings = detect_deadlocks({.waits = {wait(12, {}), wait(14, {})}, .cycles = {}}, nullptr, WallTime{});
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].kind, FindingKind::orphaned_lock);
  EXPECT_EQ(findings[0].members, 2U);
}

TEST(Deadlock, WhatAStackTellsIsNoProof) {
  LockSnapshot locks{.waits = {wait(12, Tid{13}), wait(13, Tid{12})}, .cycles = {{Tid{12}, Tid{13}}}};
  locks.waits[1].kind = LockKind::guard;
  locks.waits[1].known = LockOwner::inferred;
  const auto findings = detect_deadlocks(locks, nullptr, WallTime{});
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].certainty, Certainty::suspected);
  EXPECT_THAT(findings[0].says, testing::HasSubstr("waits for the guard of a static variable at 0x5500"));
}

}  // namespace
}  // namespace proctor
