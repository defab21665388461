#include "agent/findings/stuck_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace proctor {
namespace {

using std::chrono::seconds;

constexpr RemoteAddress kLock{0xc000010000};

/// Goroutines that wait for locks, in the order in which they came.
class Locks {
 public:
  std::uint32_t add(std::uint64_t goid, RemoteAddress semaphore, const std::string& function) {
    Site site{.state = "waiting", .reason = "semacquire", .user = {"main.work", "main.go", 12}};
    site.frames = {{"runtime.gopark", "proc.go", 1}, {function, "rwmutex.go", 71}, site.user};
    identify(site);
    snapshot_.sites.push_back(std::make_shared<const Site>(site));
    GoroutineSample goroutine{.goid = goid, .object = semaphore, .state = GoroutineState::waiting};
    goroutine.site = static_cast<std::uint32_t>(snapshot_.sites.size() - 1);
    snapshot_.goroutines.push_back(goroutine);
    const auto index = static_cast<std::uint32_t>(snapshot_.goroutines.size() - 1);
    for (GoLockQueue& queue : snapshot_.lock_queues) {
      if (queue.semaphore == semaphore) {
        queue.waiters.push_back(index);
        return index;
      }
    }
    snapshot_.lock_queues.push_back({.semaphore = semaphore, .waiters = {index}});
    return index;
  }

  std::vector<Finding> findings_after(int waited) {
    const FindingsConfig config;
    LockWatch watch;
    watch.update(snapshot_, MonotonicTime{seconds{1000}});
    const MonotonicTime now{seconds{1000 + waited}};
    watch.update(snapshot_, now);
    return detect_stuck_locks(snapshot_, &unreachable_, watch, config,
                              {.now = now, .wall = WallTime{}, .process_start = {}});
  }

  GoroutineSnapshot& snapshot() { return snapshot_; }
  void refers(std::uint64_t goid, RemoteAddress object) {
    unreachable_.references.push_back({.object = object, .goid = goid});
  }

 private:
  GoroutineSnapshot snapshot_;
  UnreachableSnapshot unreachable_;
};

Locks nested_read_lock() {
  Locks locks;
  locks.add(18, kLock + 12, "sync.(*RWMutex).RLock");
  locks.add(19, kLock + 8, "sync.(*RWMutex).Lock");
  for (std::uint64_t goid = 20; goid < 50; ++goid) locks.add(goid, kLock + 12, "sync.(*RWMutex).RLock");
  return locks;
}

TEST(StuckLock, ReadersAndAWriterThatWaitForEachOtherAreADeadlock) {
  const auto findings = nested_read_lock().findings_after(500);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].kind, FindingKind::deadlock);
  EXPECT_EQ(findings[0].certainty, Certainty::suspected);
  EXPECT_EQ(findings[0].members, 32U);
  EXPECT_THAT(findings[0].core, testing::ElementsAre(18, 19));
  EXPECT_THAT(findings[0].says, testing::HasSubstr("the other 30 wait behind them"));
}

TEST(StuckLock, TheReaderThatHoldsItAlreadyIsTheCore) {
  Locks locks = nested_read_lock();
  locks.snapshot().locking = {{.goroutine = 7, .held = {.reading = true}}};
  const auto findings = locks.findings_after(500);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_THAT(findings[0].core, testing::ElementsAre(25, 19));
  EXPECT_THAT(findings[0].says, testing::HasSubstr("holds it already"));
}

TEST(StuckLock, AReaderThatWaitsForSomethingElseHoldsItAndIsNoDeadlock) {
  Locks locks = nested_read_lock();
  const std::uint32_t holder = locks.add(60, kLock + 200, "runtime.chanrecv");
  locks.refers(60, kLock + 12);
  EXPECT_EQ(locks.findings_after(500)[0].kind, FindingKind::deadlock);  // it may be done with it
  locks.snapshot().locking = {{.goroutine = holder, .held = {.reading = true}}};
  const auto findings = locks.findings_after(500);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].kind, FindingKind::stuck_lock);
  EXPECT_EQ(findings[0].members, 32U);
  EXPECT_THAT(findings[0].says,
              testing::HasSubstr("goroutine 60 at main.work (main.go:12, semacquire) stands between"));
}

TEST(StuckLock, AWriterThatHoldsItForReadingWaitsForItself) {
  Locks locks = nested_read_lock();
  locks.snapshot().locking = {{.goroutine = 1, .held = {.reading = true}}};
  const auto findings = locks.findings_after(500);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].kind, FindingKind::deadlock);
  EXPECT_THAT(findings[0].core, testing::ElementsAre(19));
  EXPECT_THAT(findings[0].says,
              testing::HasSubstr("goroutine 19 at main.work (main.go:12, semacquire) holds it already"));
}

TEST(StuckLock, AMomentIsNone) { EXPECT_TRUE(nested_read_lock().findings_after(400).empty()); }

TEST(StuckLock, AQueueThatMovesIsNone) {
  Locks locks = nested_read_lock();
  LockWatch watch;
  watch.update(locks.snapshot(), MonotonicTime{seconds{1000}});
  // The writer has had it, and is the next again.
  ++locks.snapshot().goroutines[1].wait_token;
  const MonotonicTime now{seconds{2000}};
  watch.update(locks.snapshot(), now);
  EXPECT_THAT(detect_stuck_locks(locks.snapshot(), nullptr, watch, FindingsConfig{},
                                 {.now = now, .wall = {}, .process_start = {}}),
              testing::Each(testing::Field(&Finding::kind, FindingKind::stuck_lock)));
}

TEST(StuckLock, AMutexThatNobodyGetsIsStuck) {
  Locks locks;
  locks.add(7, kLock + 4, "internal/sync.(*Mutex).lockSlow");
  locks.add(8, kLock + 4, "sync.(*Mutex).Lock");
  EXPECT_TRUE(locks.findings_after(400).empty());
  const auto findings = locks.findings_after(500);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].kind, FindingKind::stuck_lock);
  EXPECT_EQ(findings[0].members, 2U);
}

TEST(StuckLock, WhoWaitsForAGroupIsNone) {
  Locks locks;
  locks.add(7, kLock + 8, "sync.(*WaitGroup).Wait");
  EXPECT_TRUE(locks.findings_after(5000).empty());
}

TEST(StuckLock, GoroutinesThatWaitForWhatTheOtherHasAreADeadlock) {
  Locks locks;
  locks.add(18, kLock + 4, "sync.(*Mutex).Lock");
  locks.add(19, kLock + 104, "sync.(*Mutex).Lock");
  locks.add(20, kLock + 104, "sync.(*Mutex).Lock");
  locks.refers(19, kLock + 4);
  locks.refers(18, kLock + 104);
  // Who has locked nothing waits for both of them, one after the other.
  EXPECT_THAT(locks.findings_after(500), testing::Each(testing::Field(&Finding::kind, FindingKind::stuck_lock)));
  locks.snapshot().locking = {{.goroutine = 0, .held = {.whole = true}}, {.goroutine = 1, .held = {.whole = true}}};
  const auto findings = locks.findings_after(500);
  ASSERT_EQ(findings.size(), 1U);  // although two locks lead to it
  EXPECT_EQ(findings[0].kind, FindingKind::deadlock);
  EXPECT_EQ(findings[0].certainty, Certainty::suspected);
  EXPECT_THAT(findings[0].core, testing::UnorderedElementsAre(18U, 19U));
}

TEST(StuckLock, AGoroutineThatHoldsWhatItWaitsForIsADeadlock) {
  Locks locks;
  // A writer that then reads; others wait to write and to read.
  locks.add(18, kLock + 12, "sync.(*RWMutex).RLock");
  locks.add(19, kLock + 12, "sync.(*RWMutex).RLock");
  locks.add(20, kLock + 4, "sync.(*Mutex).Lock");
  EXPECT_EQ(locks.findings_after(500).size(), 2U);
  locks.snapshot().lock_queues[0].holders = {{.goroutine = 0}};
  const auto findings = locks.findings_after(500);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].kind, FindingKind::deadlock);
  EXPECT_EQ(findings[0].members, 3U);
  EXPECT_EQ(findings[0].waiting_at.size(), 3U);
  EXPECT_THAT(findings[0].core, testing::ElementsAre(18));
  EXPECT_THAT(findings[0].says, testing::HasSubstr("goroutine 18 at main.work (main.go:12, semacquire) holds it"));
}

TEST(StuckLock, ALockWhoseHolderWaitsForAnotherIsItsConsequence) {
  Locks locks;
  locks.add(18, kLock + 4, "sync.(*Mutex).Lock");
  locks.add(19, kLock + 104, "sync.(*Mutex).Lock");
  locks.refers(19, kLock + 4);
  auto findings = locks.findings_after(500);
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_FALSE(findings[0].cause || findings[1].cause);
  locks.snapshot().locking = {{.goroutine = 1, .held = {.whole = true}}};
  findings = locks.findings_after(500);
  ASSERT_EQ(findings.size(), 2U);
  ASSERT_TRUE(findings[0].cause);
  EXPECT_EQ(findings[0].cause->kind, FindingKind::stuck_lock);
  EXPECT_EQ(findings[0].cause->site, findings[1].site->id);
  EXPECT_FALSE(findings[1].cause);
}

TEST(StuckLock, WhoReferToAStuckLockMayHoldIt) {
  Locks locks;
  locks.add(18, kLock + 4, "sync.(*Mutex).Lock");
  Site site{.state = "waiting", .reason = "IO wait", .user = {"main.flush", "main.go", 40}};
  identify(site);
  locks.snapshot().sites.push_back(std::make_shared<const Site>(site));
  GoroutineSample holder{.goid = 30};
  holder.site = static_cast<std::uint32_t>(locks.snapshot().sites.size() - 1);
  holder.state = GoroutineState::waiting;
  locks.snapshot().goroutines.push_back(holder);
  locks.refers(30, kLock + 4);
  const auto findings = locks.findings_after(500);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].kind, FindingKind::stuck_lock);
  EXPECT_THAT(findings[0].says, testing::HasSubstr("goroutine 30 at main.flush (main.go:40, IO wait) refers to it"));
  // What its code has locked is most likely this one.
  locks.snapshot().locking = {{.goroutine = 1, .held = {.whole = true}}};
  EXPECT_THAT(locks.findings_after(500)[0].says,
              testing::HasSubstr("goroutine 30 at main.flush (main.go:40, IO wait) stands between locking"));
}

}  // namespace
}  // namespace proctor
