#include "collectors/locks/waits_by_stack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace proctor {
namespace {

/// Threads by their stacks, innermost first; those that wait do so at one futex.
class Threads {
 public:
  Threads& add(std::int32_t tid, const std::string& reason, const std::vector<std::string>& functions) {
    Site site{.reason = reason};
    for (const std::string& function : functions) site.frames.push_back({.function = function});
    snapshot_.sites.push_back(std::make_shared<const Site>(std::move(site)));
    ThreadSample thread{.tid = Tid{tid}, .site = static_cast<std::uint32_t>(snapshot_.sites.size() - 1)};
    thread.waits_for = WaitedObject{.kind = WaitedObject::Kind::futex, .id = 0x5500};
    snapshot_.threads.push_back(thread);
    return *this;
  }
  std::vector<LockWait> waits() const { return find_waits_by_stack(snapshot_); }

 private:
  ThreadSnapshot snapshot_;
};

const std::vector<std::string> kWaitsForVariable{"syscall", "__cxa_guard_acquire", "settings()", "serve()"};
const std::vector<std::string> kWaitsForCall{"futex_wait", "__pthread_once_slow", "std::call_once<void (&)()>",
                                             "use()"};

TEST(WaitsByStack, WhoInitialisesAVariableIsToldByItsStack) {
  const auto waits = Threads{}
                         .add(7, "futex", kWaitsForVariable)
                         .add(8, "read", {"read", "Settings::Settings()", "settings()", "serve()"})
                         .add(9, "futex", kWaitsForVariable)
                         .add(10, "read", {"read", "serve()"})
                         .waits();
  ASSERT_EQ(waits.size(), 2U);
  EXPECT_EQ(waits[0].waiter, Tid{7});
  EXPECT_EQ(waits[1].waiter, Tid{9});
  for (const LockWait& wait : waits) {
    EXPECT_EQ(wait.kind, LockKind::guard);
    EXPECT_EQ(wait.owner, Tid{8});
    EXPECT_EQ(wait.known, LockOwner::inferred);
    EXPECT_EQ(wait.address, RemoteAddress{0x5500});
  }
}

TEST(WaitsByStack, WhoIsInACallOfOnceIsToldByItsStack) {
  const auto waits =
      Threads{}
          .add(7, "futex", kWaitsForCall)
          .add(8, "read", {"read", "open()", "__pthread_once_slow", "std::call_once<void (&)()>", "use()"})
          .add(9, "futex", {"libc.so.6+0x8a3c", "libc.so.6+0x8f6", "std::call_once<void (&)()>", "use()"})
          .waits();
  ASSERT_EQ(waits.size(), 2U);
  for (const LockWait& wait : waits) {
    EXPECT_EQ(wait.kind, LockKind::once);
    EXPECT_EQ(wait.owner, Tid{8});
  }
}

TEST(WaitsByStack, OfTwoThatMayBeNeitherIsSaidToBe) {
  const std::vector<std::string> within{"read", "Settings::Settings()", "settings()", "serve()"};
  const auto waits = Threads{}.add(7, "futex", kWaitsForVariable).add(8, "read", within).add(9, "read", within).waits();
  ASSERT_EQ(waits.size(), 1U);
  EXPECT_FALSE(waits[0].owner);
  EXPECT_EQ(waits[0].known, LockOwner::unknown);
}

TEST(WaitsByStack, WhoWaitsForSomethingElseWithinTheCallWaitsForThat) {
  EXPECT_TRUE(Threads{}
                  .add(8, "futex",
                       {"__futex_abstimed_wait_common64", "pthread_cond_wait", "open()", "__pthread_once_slow",
                        "std::call_once<void (&)()>", "use()"})
                  .add(9, "futex", {"futex_wait", "pthread_cond_wait", "std::condition_variable::wait", "settings()"})
                  .add(10, "read", kWaitsForVariable)
                  .waits()
                  .empty());
}

TEST(WaitsByStack, ALockThatIsReadHasNoOwnerThatItTells) {
  const auto waits =
      Threads{}
          .add(7, "futex", {"__futex_abstimed_wait_common64", "__pthread_rwlock_wrlock_full64", "store()"})
          .add(8, "futex", {"libc.so.6+0x8a3c", "pthread_rwlock_rdlock", "load()"})
          .add(9, "futex",
               {"__futex_abstimed_wait_common64", "__pthread_rwlock_rdlock_full64", "pthread_rwlock_timedrdlock"})
          .waits();
  ASSERT_EQ(waits.size(), 3U);
  for (const LockWait& wait : waits) {
    EXPECT_EQ(wait.kind, LockKind::rwlock);
    EXPECT_EQ(wait.known, LockOwner::unknown);
    EXPECT_EQ(wait.timed, wait.waiter == Tid{9});
  }
}

}  // namespace
}  // namespace proctor
