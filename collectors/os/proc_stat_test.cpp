#include "collectors/os/proc_stat.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace proctor {
namespace {

constexpr std::string_view kTail =
    " S 1 4711 4711 0 -1 4194560 101 0 7 0 250 50 0 0 20 0 3 0 12345 11592314880 200 18446744073709551615 1 1 0\n";

TEST(ProcStat, CommMayHoldSpacesParenthesesAndNewlines) {
  for (const std::string comm : {"a) (b", ") S 1 2", "two\nlines", "\xff\xfe"}) {
    const auto stat = parse_proc_stat("4711 (" + comm + ")" + std::string{kTail});
    ASSERT_TRUE(stat) << stat.error();
    EXPECT_EQ(stat->comm, comm);
    EXPECT_EQ(stat->state, 'S');
    EXPECT_EQ(stat->start_time, StartTime{12345});
  }
}

TEST(ProcStat, ConvertsTicksAndPages) {
  const auto stat = parse_proc_stat("4711 (x)" + std::string{kTail});
  ASSERT_TRUE(stat) << stat.error();
  EXPECT_EQ(stat->user, std::chrono::milliseconds{2500});
  EXPECT_EQ(stat->system, std::chrono::milliseconds{500});
  EXPECT_EQ(stat->threads, 3U);
  EXPECT_EQ(count(stat->virtual_size), 11592314880U);
  EXPECT_EQ(count(stat->resident), 200U * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
}

TEST(ProcStat, RefusesWhatEndsEarly) {
  for (const std::string_view text : {"", "4711", "4711 (x", "4711 (x) S 1 2"}) {
    EXPECT_FALSE(parse_proc_stat(text));
  }
}

TEST(ProcStat, OfThisProcess) {
  const auto root = ProcRoot::open("/proc");
  const auto stat = read_proc_stat(root->open_process(Pid{::getpid()}).value());
  ASSERT_TRUE(stat) << stat.error();
  EXPECT_EQ(stat->id, ::getpid());
  EXPECT_EQ(stat->parent, Pid{::getppid()});
  EXPECT_FALSE(stat->is_kernel_thread());
}

}  // namespace
}  // namespace proctor
