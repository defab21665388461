#include "collectors/locks/lock_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <functional>
#include <optional>
#include <thread>

#include "collectors/os/proc_stat.h"
#include "collectors/os/process_memory.h"
#include "collectors/os/thread_files.h"
#include "tests/support/forked_child.h"

namespace proctor {
namespace {

std::vector<Tid> threads_of(const ProcDir& process) {
  const std::vector<std::int32_t> numbers = process.list_numbers("task").value();
  std::vector<Tid> threads;
  for (const std::int32_t number : numbers) threads.push_back(Tid{number});
  return threads;
}

/// Reads again until `holds`; the test's own time limit ends a wait in vain.
LockSnapshot await_locks(Pid pid, const std::function<bool(const LockSnapshot&)>& holds) {
  const auto root = ProcRoot::open("/proc");
  const auto process = root->open_process(pid).value();
  const auto memory = ProcessMemory::open(process).value();
  while (true) {
    const std::vector<Tid> threads = threads_of(process);
    const auto locks = read_locks(process, memory, threads, threads);
    EXPECT_TRUE(locks) << locks.error();
    if (!locks || holds(*locks)) return locks.value_or(LockSnapshot{});
    std::this_thread::yield();
  }
}

/// Two threads of the child lock two mutexes in either order, and so for ever.
void deadlock(int type, int protocol, bool robust, const ForkedChild::Ready& ready) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(&attributes, type);
  pthread_mutexattr_setprotocol(&attributes, protocol);
  if (robust) pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  static pthread_mutex_t a, b;
  static pthread_barrier_t both;
  pthread_mutex_init(&a, &attributes);
  pthread_mutex_init(&b, &attributes);
  pthread_barrier_init(&both, nullptr, 2);
  std::thread other{[] {
    pthread_mutex_lock(&b);
    pthread_barrier_wait(&both);
    pthread_mutex_lock(&a);
  }};
  pthread_mutex_lock(&a);
  pthread_barrier_wait(&both);
  ready();
  pthread_mutex_lock(&b);
}

class DeadlockOf : public testing::TestWithParam<std::tuple<int, int, bool>> {};

TEST_P(DeadlockOf, TwoThreadsIsProven) {
  const auto [type, protocol, robust] = GetParam();
  ForkedChild child{[&, t = type, p = protocol, r = robust](const auto& ready) { deadlock(t, p, r, ready); }};
  const auto locks = await_locks(child.pid(), [](const LockSnapshot& seen) { return !seen.cycles.empty(); });
  ASSERT_EQ(locks.cycles.size(), 1U);
  EXPECT_EQ(locks.cycles[0].size(), 2U);
  EXPECT_EQ(locks.waits.size(), 2U);
  EXPECT_EQ(locks.cycles[0][0], Tid{number(child.pid())});
  EXPECT_NE(locks.waits[0].address, locks.waits[1].address);
}

INSTANTIATE_TEST_SUITE_P(Mutexes, DeadlockOf,
                         testing::Values(std::tuple{PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, false},
                                         std::tuple{PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_NONE, false},
                                         std::tuple{PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_NONE, false},
                                         std::tuple{PTHREAD_MUTEX_ADAPTIVE_NP, PTHREAD_PRIO_NONE, false},
                                         std::tuple{PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, true}));

TEST(LockReader, OneThreadThatLocksTwiceIsADeadlockOfItself) {
  ForkedChild child{[](const auto& ready) {
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&mutex);
    ready();
    pthread_mutex_lock(&mutex);
  }};
  const auto locks = await_locks(child.pid(), [](const LockSnapshot& seen) { return !seen.cycles.empty(); });
  EXPECT_THAT(locks.cycles, testing::ElementsAre(testing::ElementsAre(Tid{number(child.pid())})));
}

TEST(LockReader, AQueueBehindAWriterWhoSleepsIsNoDeadlock) {
  ForkedChild child{[](const auto& ready) {
    static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
    pthread_rwlock_wrlock(&lock);
    std::thread reader{[] { pthread_rwlock_rdlock(&lock); }};
    std::thread writer{[] { pthread_rwlock_wrlock(&lock); }};
    ready();
    while (true) ::pause();
  }};
  const auto locks = await_locks(child.pid(), [](const LockSnapshot& seen) { return seen.waits.size() == 2; });
  EXPECT_TRUE(locks.cycles.empty());
  for (const LockWait& wait : locks.waits) {
    EXPECT_EQ(wait.kind, LockKind::rwlock);
    EXPECT_EQ(wait.owner, Tid{number(child.pid())});
  }
}

TEST(LockReader, ConditionsAndSemaphoresHaveNoOwner) {
  ForkedChild child{[](const auto& ready) {
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;
    static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
    static sem_t semaphore;
    sem_init(&semaphore, 0, 0);
    pthread_mutex_lock(&held);
    std::thread condition{[] {
      pthread_mutex_lock(&mutex);
      pthread_cond_wait(&never, &mutex);
    }};
    std::thread counting{[] { sem_wait(&semaphore); }};
    std::thread locking{[] { pthread_mutex_lock(&held); }};
    ready();
    while (true) ::pause();
  }};
  const auto root = ProcRoot::open("/proc");
  const auto process = root->open_process(child.pid()).value();
  const auto in_futex = [&] {
    int count = 0;
    for (const Tid tid : threads_of(process)) {
      const auto wait = read_blocked_wait(process, tid);
      count += wait && wait->reason == "futex" ? 1 : 0;
    }
    return count;
  };
  while (in_futex() < 3) std::this_thread::yield();
  const auto locks = await_locks(child.pid(), [](const LockSnapshot& seen) { return !seen.waits.empty(); });
  ASSERT_EQ(locks.waits.size(), 1U);
  EXPECT_EQ(locks.waits[0].kind, LockKind::mutex);
  EXPECT_EQ(locks.waits[0].owner, Tid{number(child.pid())});
}

TEST(LockReader, AMutexThatForkCopiedHasAnOwnerThatIsGone) {
  ForkedChild child{[](const auto& ready) {
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    static pthread_barrier_t held;
    pthread_barrier_init(&held, nullptr, 2);
    std::thread holder{[] {
      pthread_mutex_lock(&mutex);
      pthread_barrier_wait(&held);
      while (true) ::pause();
    }};
    pthread_barrier_wait(&held);
    const pid_t copy = ::fork();
    if (copy != 0) {
      ready();
      while (true) ::pause();
    }
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    pthread_mutex_lock(&mutex);
  }};
  const auto root = ProcRoot::open("/proc");
  std::optional<Pid> copy;
  const std::vector<Pid> processes = root->list_processes().value();
  for (const Pid pid : processes) {
    const auto process = root->open_process(pid);
    const auto stat = process ? read_proc_stat(*process) : tl::unexpected(process.error());
    if (stat && stat->parent == child.pid()) copy = pid;
  }
  ASSERT_TRUE(copy);
  const auto locks = await_locks(*copy, [](const LockSnapshot& seen) { return !seen.waits.empty(); });
  EXPECT_TRUE(locks.cycles.empty());
  EXPECT_FALSE(locks.waits[0].owner);
}

}  // namespace
}  // namespace proctor
