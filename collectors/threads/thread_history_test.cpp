#include "collectors/threads/thread_history.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "tests/support/forked_child.h"

namespace proctor {
namespace {

ProcDir open(const ForkedChild& child) { return ProcRoot::open("/proc")->open_process(child.pid()).value(); }

/// Looks until every thread sleeps: the child says that it is ready just before it does.
std::shared_ptr<const ThreadSnapshot> look_at_rest(ThreadHistory& history, const ProcDir& process) {
  while (true) {
    const auto snapshot = history.look(process);
    EXPECT_TRUE(snapshot) << snapshot.error();
    if (!snapshot) return std::make_shared<ThreadSnapshot>();
    bool rests = true;
    for (const ThreadSample& thread : (*snapshot)->threads) {
      rests = rests && (*snapshot)->sites[thread.site]->state == "sleeping";
    }
    if (rests) return *snapshot;
  }
}

void expect_reason(const char* reason, const std::function<void()>& wait) {
  const ForkedChild child{[&](const ForkedChild::Ready& ready) {
    ready();
    wait();
  }};
  SiteInterner sites;
  ThreadHistory history{sites, nullptr};
  const ProcDir process = open(child);
  // Between the word and the call there may be another short wait.
  std::string seen;
  for (int i = 0; i < 10000 && seen != reason; ++i) seen = look_at_rest(history, process)->sites.at(0)->reason;
  EXPECT_EQ(seen, reason);
}

TEST(ThreadHistory, NamesWhatAThreadWaitsFor) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  expect_reason("read", [&] {
    char byte = 0;
    (void)!::read(pipe[0], &byte, 1);
  });
  expect_reason("poll", [&] {
    pollfd wait{.fd = pipe[0], .events = POLLIN, .revents = 0};
    ::poll(&wait, 1, -1);
  });
  expect_reason("sleep", [] { ::sleep(1000); });
  expect_reason("signal", [] { ::pause(); });
  expect_reason("futex", [] {
    std::mutex mutex;
    std::condition_variable never;
    std::unique_lock lock{mutex};
    never.wait(lock, [] { return false; });
  });
}

TEST(ThreadHistory, CountsTheThreadsThatTheKernelLists) {
  const ForkedChild child{[](const ForkedChild::Ready& ready) {
    std::vector<std::thread> threads;
    std::mutex mutex;
    std::condition_variable never;
    for (int i = 0; i < 7; ++i) {
      threads.emplace_back([&, i] {
        ::pthread_setname_np(::pthread_self(), ("worker-" + std::to_string(i)).c_str());
        std::unique_lock lock{mutex};
        never.wait(lock, [] { return false; });
      });
    }
    // A thread that waits has given the mutex back and has its name.
    ready();
    ::pause();
  }};
  SiteInterner sites;
  ThreadHistory history{sites, nullptr};
  const ProcDir process = open(child);
  std::uint64_t workers = 0;
  while (workers != 7) {
    const auto snapshot = look_at_rest(history, process);
    ASSERT_EQ(snapshot->threads.size(), 8U);
    workers = 0;
    for (const ThreadSample& thread : snapshot->threads) {
      workers += snapshot->sites[thread.site]->user.function == "worker-*" ? 1 : 0;
    }
  }
  EXPECT_EQ(process.list_numbers("task")->size(), 8U);
}

TEST(ThreadHistory, WhereNothingRanTheSnapshotIsTheSameObject) {
  const ForkedChild child{[](const ForkedChild::Ready& ready) {
    ready();
    ::pause();
  }};
  SiteInterner sites;
  ThreadHistory history{sites, nullptr};
  const ProcDir process = open(child);
  auto before = look_at_rest(history, process);
  auto after = look_at_rest(history, process);
  // The first may have been taken before the child came to rest.
  for (int i = 0; i < 1000 && before != after; ++i) {
    before = std::exchange(after, look_at_rest(history, process));
  }
  EXPECT_EQ(before, after);
}

TEST(ThreadHistory, AThreadThatRanIsAnotherSnapshotAndItsSwitchesGrow) {
  std::array<int, 2> orders{};
  ASSERT_EQ(::pipe(orders.data()), 0);
  const ForkedChild child{[&](const ForkedChild::Ready& ready) {
    ready();
    char byte = 0;
    while (::read(orders[0], &byte, 1) == 1) ready();
  }};
  SiteInterner sites;
  ThreadHistory history{sites, nullptr};
  const ProcDir process = open(child);
  const auto before = look_at_rest(history, process);
  ASSERT_EQ(::write(orders[1], "x", 1), 1);
  child.await_ready();
  const auto after = look_at_rest(history, process);
  EXPECT_NE(before, after);
  EXPECT_GT(after->threads.at(0).switches, before->threads.at(0).switches);
  EXPECT_GE(after->voluntary_switches.value(), before->voluntary_switches.value());
}

TEST(ThreadHistory, AZombieIsAState) {
  ForkedChild child{[](const ForkedChild::Ready& ready) {
    ready();
    ::pause();
  }};
  const ProcDir process = open(child);
  child.kill();
  siginfo_t ended{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(number(child.pid())), &ended, WEXITED | WNOWAIT), 0);
  SiteInterner sites;
  ThreadHistory history{sites, nullptr};
  const auto snapshot = history.look(process);
  ASSERT_TRUE(snapshot) << snapshot.error();
  EXPECT_EQ((*snapshot)->sites.at(0)->state, "zombie");
  child.kill_and_reap();
  EXPECT_EQ(history.look(process).error().code, ErrorCode::target_gone);
}

TEST(ThreadHistory, NamesOfAnyBytesAreValidText) {
  const ForkedChild child{[](const ForkedChild::Ready& ready) {
    ::prctl(PR_SET_NAME, "a)\n(\xff\"");
    ready();
    ::pause();
  }};
  SiteInterner sites;
  ThreadHistory history{sites, nullptr};
  EXPECT_EQ(look_at_rest(history, open(child))->sites.at(0)->user.function, "a)\n(\xEF\xBF\xBD\"");
}

TEST(ThreadHistory, SaysWhichDescriptorAThreadWaitsFor) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  const auto waits_for = [](const std::function<void()>& wait) {
    const ForkedChild child{[&](const ForkedChild::Ready& ready) {
      ready();
      wait();
    }};
    SiteInterner sites;
    ThreadHistory history{sites, nullptr};
    const ProcDir process = open(child);
    // Between the word and the call there may be another short wait.
    std::optional<WaitedObject> object;
    for (int i = 0; i < 10000 && !object; ++i) object = look_at_rest(history, process)->threads.at(0).waits_for;
    return object;
  };
  const WaitedObject expected{.kind = WaitedObject::Kind::descriptor, .id = static_cast<std::uint64_t>(pipe[0])};
  EXPECT_EQ(waits_for([&] {
              char byte = 0;
              (void)!::read(pipe[0], &byte, 1);
            }),
            expected);
  EXPECT_EQ(waits_for([&] {
              pollfd wait{.fd = pipe[0], .events = POLLIN, .revents = 0};
              ::poll(&wait, 1, -1);
            }),
            expected);
}

}  // namespace
}  // namespace proctor
