#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "collectors/os/memory_files.h"
#include "collectors/os/proc_io.h"
#include "collectors/os/proc_limits.h"
#include "collectors/os/proc_status.h"

namespace proctor {
namespace {

ProcDir self() { return ProcRoot::open("/proc")->open_process(Pid{::getpid()}).value(); }

TEST(ProcStatus, MemoryIsInBytesAndWhatIsMissingIsAbsent) {
  const ProcStatus status = parse_proc_status("Name:\tx\nUid:\t33\t0\t0\t0\nVmRSS:\t    1744 kB\nRssAnon:\t 112 kB\n");
  EXPECT_EQ(status.real_uid, 33U);
  EXPECT_EQ(status.resident, Bytes{1744 * 1024});
  EXPECT_EQ(status.anonymous, Bytes{112 * 1024});
  EXPECT_EQ(status.swap, std::nullopt);
  EXPECT_EQ(status.voluntary_switches, std::nullopt);
}

TEST(ProcStatus, ANameMayLookLikeAnotherLine) {
  EXPECT_EQ(parse_proc_status("Name:\tVmRSS: 1 kB\nVmRSS:\t2 kB\n").resident, Bytes{2048});
}

TEST(ProcStatus, ANumberThatDoesNotFitIsAbsent) {
  EXPECT_EQ(parse_proc_status("VmSize:\t18446744073709551615 kB\n").virtual_size, std::nullopt);
  EXPECT_EQ(parse_proc_status("VmSize:\t99999999999999999999999 kB\n").virtual_size, std::nullopt);
  EXPECT_EQ(parse_proc_status("VmSize:\t11592314880 kB\n").virtual_size, Bytes{11592314880ULL * 1024});
}

TEST(ProcStatus, OfThisProcess) {
  const auto status = read_proc_status(self());
  ASSERT_TRUE(status) << status.error();
  EXPECT_EQ(status->real_uid, ::getuid());
  EXPECT_GT(count(status->resident.value()), 0U);
  EXPECT_TRUE(status->voluntary_switches);
}

TEST(ProcLimits, UnlimitedIsAbsent) {
  constexpr std::string_view kHead = "Limit   Soft Limit  Hard Limit Units\n";
  EXPECT_EQ(parse_proc_limits(std::string{kHead} + "Max open files            1024      4096     files\n").open_files,
            1024U);
  for (const char* value : {"unlimited", "18446744073709551615"}) {
    const ProcLimits limits = parse_proc_limits(std::string{kHead} + "Max open files            " + value +
                                                " x files\nMax address space         " + value + " x bytes\n");
    EXPECT_EQ(limits.open_files, std::nullopt);
    EXPECT_EQ(limits.address_space, std::nullopt);
  }
}

TEST(ProcLimits, OfThisProcess) {
  rlimit expected{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &expected), 0);
  const auto limits = read_proc_limits(self());
  ASSERT_TRUE(limits) << limits.error();
  if (expected.rlim_cur != RLIM_INFINITY) {
    EXPECT_EQ(limits->open_files, expected.rlim_cur);
  }
}

TEST(ProcIo, TellsStorageAndNotCalls) {
  const ProcIo io = parse_proc_io("rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 5\nwrite_bytes: 6\n");
  EXPECT_EQ(io.read, Bytes{5});
  EXPECT_EQ(io.written, Bytes{6});
  EXPECT_EQ(parse_proc_io("").read, std::nullopt);
}

TEST(SmapsRollup, TellsTheProportionalSet) {
  const SmapsRollup rollup =
      parse_smaps_rollup("5555-7fff ---p 0 0 [rollup]\nRss:  9 kB\nPss:   7 kB\nPss_Anon: 3 kB\nLazyFree:  2 kB\n");
  EXPECT_EQ(rollup.proportional, Bytes{7 * 1024});
  EXPECT_EQ(rollup.lazily_freed, Bytes{2 * 1024});
  EXPECT_EQ(parse_smaps_rollup("").proportional, std::nullopt);
}

}  // namespace
}  // namespace proctor
