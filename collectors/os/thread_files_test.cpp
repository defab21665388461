#include "collectors/os/thread_files.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>

namespace proctor {
namespace {

TEST(SchedStat, ReadsWhatHasRunAndHowOften) {
  const auto stat = parse_schedstat("209551616 34310322 500\n");
  ASSERT_TRUE(stat) << stat.error();
  EXPECT_EQ(stat->run_nanoseconds, 209551616U);
  EXPECT_EQ(stat->times_scheduled, 500U);
  EXPECT_FALSE(parse_schedstat("1 2"));
  EXPECT_FALSE(parse_schedstat("x"));
}

TEST(BlockedReason, EveryCallThatWaitsHasAWord) {
  EXPECT_EQ(word_for_system_call(SYS_futex), "futex");
  EXPECT_EQ(word_for_system_call(SYS_epoll_pwait), "epoll");
  EXPECT_EQ(word_for_system_call(SYS_accept4), "accept");
  EXPECT_EQ(word_for_system_call(SYS_clock_nanosleep), "sleep");
  EXPECT_EQ(word_for_system_call(SYS_getpid), "");
}

}  // namespace
}  // namespace proctor
