#include "agent/findings/stuck_thread_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace proctor {
namespace {

using std::chrono::seconds;

constexpr MonotonicTime at(int second) { return MonotonicTime{seconds{second}}; }

LockWait wait(std::int32_t waiter, std::int32_t owner, std::uint64_t address = 0x5500) {
  return {.waiter = Tid{waiter}, .address = RemoteAddress{address}, .owner = Tid{owner}};
}

/// Thread 20 reads from descriptor 7; 21 to 23 wait for locks.
class StuckThreadLock : public testing::Test {
 protected:
  StuckThreadLock() {
    const auto site = [](const char* name, const char* reason, const char* function) {
      Site made{.state = "sleeping", .name = name, .reason = reason, .user = {function, "store.cpp", 12}};
      identify(made);
      return std::make_shared<const Site>(std::move(made));
    };
    threads_.sites = {site("flusher", "read", "Store::flush"), site("worker", "futex", "Store::put")};
    threads_.threads = {{.tid = Tid{20},
                         .site = 0,
                         .switches = 5,
                         .waits_for = WaitedObject{.kind = WaitedObject::Kind::descriptor, .id = 7}},
                        {.tid = Tid{21}, .site = 1, .switches = 6},
                        {.tid = Tid{22}, .site = 1, .switches = 7},
                        {.tid = Tid{23}, .site = 1, .switches = 8}};
    fds_.sites = {std::make_shared<const Site>(
        Site{.state = "established", .reason = "socket tcp", .user = {"", "10.0.0.1:5432", 0}})};
    fds_.fds = {{.fd = 7, .kind = FdKind::socket, .site = 0}};
    config_.window = seconds{60};
  }

  std::vector<Finding> look(int second) {
    watch_.update(locks_, threads_, at(second));
    const Instant instant{.now = at(second), .wall = wall_at(second), .process_start = at(0)};
    return detect_stuck_thread_locks(locks_, threads_, &fds_, watch_, config_, instant);
  }
  static WallTime wall_at(int second) { return WallTime{seconds{1'800'000'000 + second}}; }

  ThreadSnapshot threads_;
  FdSnapshot fds_;
  LockSnapshot locks_;
  FindingsConfig config_;
  ThreadLockWatch watch_;
};

TEST_F(StuckThreadLock, NamesWhoHoldsItAndWhatThatWaitsFor) {
  locks_.waits = {wait(21, 20), wait(22, 20), wait(23, 21, 0x6600)};
  EXPECT_TRUE(look(100).empty());
  EXPECT_TRUE(look(120).empty());
  const auto findings = look(131);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].kind, FindingKind::stuck_lock);
  EXPECT_EQ(findings[0].members, 3U);
  EXPECT_EQ(findings[0].site->user.function, "Store::flush");
  EXPECT_EQ(findings[0].core, std::vector<std::uint64_t>{20});
  EXPECT_THAT(findings[0].says,
              testing::HasSubstr("3 threads wait for thread 20 (flusher, in Store::flush store.cpp:12), "
                                 "which is blocked in read on descriptor 7 ("));
  EXPECT_THAT(findings[0].says, testing::HasSubstr("10.0.0.1:5432"));
}

TEST_F(StuckThreadLock, ALockThatMovesIsNone) {
  locks_.waits = {wait(21, 20), wait(22, 20)};
  for (int second = 100; second < 200; second += 10) {
    // Each time another got it, or the waiters were woken and came too late.
    threads_.threads[1].switches += 1;
    threads_.threads[2].switches += 1;
    EXPECT_TRUE(look(second).empty());
  }
  locks_.waits = {wait(21, 20)};
  EXPECT_TRUE(look(200).empty());
  locks_.waits[0].owner = Tid{22};
  EXPECT_TRUE(look(235).empty()) << "another holds it now";
}

TEST_F(StuckThreadLock, CyclesAndWaitsThatEndByThemselvesAreLeftToOthers) {
  locks_.waits = {wait(21, 22), wait(22, 21, 0x6600), wait(23, 21, 0x6600)};
  locks_.cycles = {{Tid{21}, Tid{22}}};
  look(100);
  EXPECT_TRUE(look(200).empty());
  locks_.cycles.clear();
  locks_.waits = {wait(21, 20)};
  locks_.waits[0].timed = true;
  look(300);
  EXPECT_TRUE(look(400).empty());
}

TEST_F(StuckThreadLock, OneWhoseOwnerIsNotKnownIsToldOfByItself) {
  locks_.waits = {wait(21, 20), wait(22, 20, 0x6600), wait(23, 20, 0x6600)};
  locks_.waits[0].owner = {};
  locks_.waits[0].known = LockOwner::unknown;
  locks_.waits[0].kind = LockKind::rwlock;
  look(100);
  const auto findings = look(131);
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0].members, 1U);
  EXPECT_EQ(findings[0].site->user.function, "Store::put");
  EXPECT_THAT(findings[0].says, testing::HasSubstr("the rwlock at 0x5500, which nobody got for 31 s"));
  EXPECT_EQ(findings[1].members, 2U);
  EXPECT_EQ(findings[1].site->user.function, "Store::flush");
  // An owner that is gone is an orphan's.
  locks_.waits[0].known = LockOwner::gone;
  EXPECT_EQ(look(132).size(), 1U);
}

}  // namespace
}  // namespace proctor
