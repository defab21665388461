#include "agent/findings/stuck_thread.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace proctor {
namespace {

using std::chrono::seconds;

PopulationView threads_at(const char* state, const char* reason, int oldest) {
  Site site{.state = state, .reason = reason, .user = {"Store::flush", "store.cpp", 12}};
  identify(site);
  PopulationView view{.kind = PopulationKind::thread, .members = 2};
  view.sites = {{.site = std::make_shared<const Site>(std::move(site)), .members = 2, .oldest = seconds{oldest}}};
  return view;
}

std::vector<Finding> verdict(const PopulationView& threads) {
  FindingsConfig config;
  config.window = seconds{60};
  ThreadSnapshot snapshot;
  snapshot.sites = {threads.sites.front().site};
  snapshot.kernel_functions[0] = {"rpc_wait_bit_killable"};
  return detect_stuck_threads(threads, &snapshot, config,
                              {.now = MonotonicTime{seconds{100}}, .wall = {}, .process_start = {}});
}

TEST(StuckThread, NamesTheCallThatTheKernelDoesNotEnd) {
  const auto findings = verdict(threads_at("disk_sleep", "fsync", 31));
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].kind, FindingKind::stuck_thread);
  EXPECT_EQ(findings[0].members, 2U);
  EXPECT_THAT(findings[0].says,
              testing::HasSubstr("at Store::flush (store.cpp:12, fsync disk_sleep), one of them for 31 s, in the "
                                 "kernel's rpc_wait_bit_killable."));
}

TEST(StuckThread, AShortWaitAParentOfVforkAndAFrozenThreadAreNone) {
  EXPECT_TRUE(verdict(threads_at("disk_sleep", "fsync", 29)).empty());
  EXPECT_TRUE(verdict(threads_at("disk_sleep", "fork", 500)).empty());
  EXPECT_TRUE(verdict(threads_at("disk_sleep", "unknown", 500)).empty());
  EXPECT_TRUE(verdict(threads_at("frozen", "read", 500)).empty());
  EXPECT_TRUE(verdict(threads_at("sleeping", "futex", 500)).empty());
}

}  // namespace
}  // namespace proctor
