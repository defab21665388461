#include "collectors/fds/fd_history.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <map>

#include "tests/support/forked_child.h"

namespace proctor {
namespace {

/// A clock that tests move, so that a table of sockets is read anew.
class TestClock final : public Clock {
 public:
  MonotonicTime monotonic() const override { return now_ += std::chrono::seconds{1}; }
  WallTime wall() const override { return {}; }

 private:
  mutable MonotonicTime now_{};
};

/// Lets this process, and its children, have so many descriptors.
bool may_open(rlim_t descriptors) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
  limit.rlim_cur = std::max(limit.rlim_cur, descriptors);
  limit.rlim_max = std::max(limit.rlim_max, descriptors);
  return ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

class FdHistoryTest : public testing::Test {
 protected:
  static ProcDir open(const ForkedChild& child) { return ProcRoot::open("/proc")->open_process(child.pid()).value(); }
  std::shared_ptr<const FdSnapshot> look(const ProcDir& process, bool may_have_changed = true) {
    auto snapshot = history_.look(process, may_have_changed, sockets_, sites_);
    EXPECT_TRUE(snapshot) << snapshot.error();
    return snapshot ? *snapshot : std::make_shared<FdSnapshot>();
  }

  TestClock clock_;
  SiteInterner sites_;
  SocketCache sockets_{clock_};
  FdHistory history_;
};

TEST_F(FdHistoryTest, EveryKindIsToldApart) {
  const ForkedChild child{[](const ForkedChild::Ready& ready) {
    ::close_range(3, 1000, CLOSE_RANGE_CLOEXEC);
    const int file = ::open("/proc/self/exe", O_RDONLY);
    const std::array<int, 7> open{file,
                                  ::open("/dev/null", O_RDONLY),
                                  ::eventfd(0, 0),
                                  ::epoll_create1(0),
                                  ::timerfd_create(CLOCK_MONOTONIC, 0),
                                  ::memfd_create("name 17", 0),
                                  ::socket(AF_UNIX, SOCK_DGRAM, 0)};
    (void)open;
    ready();
    ::pause();
  }};
  const ProcDir process = open(child);
  const auto snapshot = look(process);
  std::map<FdKind, int> kinds;
  for (const FdSample& fd : snapshot->fds) ++kinds[fd.kind];
  EXPECT_GE(kinds[FdKind::file], 1);
  EXPECT_GE(kinds[FdKind::device], 1);
  EXPECT_EQ(kinds[FdKind::eventfd], 1);
  EXPECT_EQ(kinds[FdKind::eventpoll], 1);
  EXPECT_EQ(kinds[FdKind::timerfd], 1);
  EXPECT_EQ(kinds[FdKind::memfd], 1);
  EXPECT_EQ(kinds[FdKind::socket], 1);
  EXPECT_EQ(snapshot->open, process.list_numbers("fd")->size());
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(snapshot->limit, limit.rlim_cur);
}

TEST_F(FdHistoryTest, WhatDidNotChangeIsTheSameObject) {
  const ForkedChild child{[](const ForkedChild::Ready& ready) {
    (void)::socket(AF_INET, SOCK_STREAM, 0);
    ready();
    ::pause();
  }};
  const ProcDir process = open(child);
  const auto first = look(process);
  EXPECT_EQ(look(process, true), first);
  EXPECT_EQ(look(process, false), first);
}

TEST_F(FdHistoryTest, APeerThatClosesIsSeenAlthoughTheProcessDidNotRun) {
  const UniqueFd listener{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* where = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof(address);
  ASSERT_EQ(::bind(listener.get(), where, size), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  ASSERT_EQ(::getsockname(listener.get(), where, &size), 0);
  const ForkedChild child{[&](const ForkedChild::Ready& ready) {
    const int connection = ::socket(AF_INET, SOCK_STREAM, 0);
    if (::connect(connection, where, size) != 0) ::_exit(1);
    ready();
    ::pause();
  }};
  UniqueFd peer{::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)};
  const ProcDir process = open(child);
  const auto states = [](const FdSnapshot& snapshot) {
    std::multiset<std::string> found;
    for (const SocketSample& socket : snapshot.sockets) found.insert(socket.state);
    return found;
  };
  EXPECT_THAT(states(*look(process)), testing::Contains("established"));
  peer = UniqueFd{};
  std::multiset<std::string> seen;
  while (!seen.contains("close_wait")) seen = states(*look(process, false));
  EXPECT_FALSE(seen.contains("established"));
}

TEST_F(FdHistoryTest, AboveTheCapTheCountStaysExactAndLaterLooksKnowAll) {
  if (!may_open(19'000)) GTEST_SKIP() << "Skipped: a process may not have 19,000 descriptors here";
  const ForkedChild child{[&](const ForkedChild::Ready& ready) {
    for (int i = 0; i < 18000; ++i) (void)::dup(0);
    ready();
    ::raise(SIGSTOP);
    const int another = ::eventfd(0, 0);
    ::dup2(another, 15000);
    ::close(another);
    ready();
    ::pause();
  }};
  const ProcDir process = open(child);
  auto snapshot = look(process);
  EXPECT_TRUE(snapshot->sampled);
  EXPECT_GE(snapshot->open, 18000U);
  EXPECT_EQ(snapshot->fds.size(), 10000U);
  // The process need not run for that.
  for (int looks = 0; looks < 2; ++looks) snapshot = look(process, false);
  EXPECT_FALSE(snapshot->sampled);
  EXPECT_EQ(snapshot->fds.size(), snapshot->open);
  EXPECT_EQ(look(process, false), snapshot);
  // One of them becomes another: seen once the turn comes to it.
  ::kill(number(child.pid()), SIGCONT);
  child.await_ready();
  look(process, true);
  for (int looks = 0; looks < 2; ++looks) snapshot = look(process, false);
  EXPECT_EQ(std::ranges::count(snapshot->fds, FdKind::eventfd, &FdSample::kind), 1);
  EXPECT_EQ(look(process, false), snapshot);
}

TEST_F(FdHistoryTest, NewOnesAreReadBeforeThoseThatAreKnown) {
  if (!may_open(19'000)) GTEST_SKIP() << "Skipped: a process may not have 19,000 descriptors here";
  const ForkedChild child{[&](const ForkedChild::Ready& ready) {
    for (int i = 0; i < 15000; ++i) (void)::dup(0);
    ready();
    ::raise(SIGSTOP);
    for (int i = 0; i < 100; ++i) (void)::eventfd(0, 0);
    ready();
    ::pause();
  }};
  const ProcDir process = open(child);
  look(process);
  look(process, true);
  ::kill(number(child.pid()), SIGCONT);
  child.await_ready();
  const auto snapshot = look(process, true);
  EXPECT_FALSE(snapshot->sampled);
  EXPECT_EQ(std::ranges::count(snapshot->fds, FdKind::eventfd, &FdSample::kind), 100);
}

TEST(FdLink, NamesWhatALinkSays) {
  EXPECT_EQ(parse_fd_link("socket:[4711]").inode, Inode{4711});
  EXPECT_EQ(parse_fd_link("pipe:[12]").kind, FdKind::pipe);
  EXPECT_EQ(parse_fd_link("anon_inode:[eventpoll]").kind, FdKind::eventpoll);
  EXPECT_EQ(parse_fd_link("anon_inode:inotify").kind, FdKind::inotify);
  EXPECT_EQ(parse_fd_link("anon_inode:[something_new]").kind, FdKind::other);
  EXPECT_EQ(parse_fd_link("/dev/pts/3").kind, FdKind::device);
  EXPECT_EQ(parse_fd_link("/dev/shm/x").kind, FdKind::file);
  EXPECT_EQ(parse_fd_link("/var/log/app.17.log").path_class, "/var/log/app.*.log");
  const FdLink deleted = parse_fd_link("/tmp/a b (deleted)");
  EXPECT_EQ(deleted.kind, FdKind::deleted_file);
  EXPECT_EQ(deleted.path_class, "/tmp/a b");
  EXPECT_EQ(parse_fd_link("").kind, FdKind::other);
}

}  // namespace
}  // namespace proctor
