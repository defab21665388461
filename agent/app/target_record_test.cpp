#include "agent/app/target_record.h"

#include <gtest/gtest.h>

namespace proctor {
namespace {

constexpr MonotonicTime kStart{std::chrono::hours{1}};

/// Five threads of a process that has been there for an hour, under a limit of 1,000.
Observation look(int second) {
  Observation made;
  made.sampled_at = kStart + std::chrono::seconds{second};
  made.taken_at = WallTime{std::chrono::seconds{1'800'000'000 + second}};
  made.target.started_at = WallTime{std::chrono::seconds{1'800'000'000 - 3600}};
  auto threads = std::make_shared<ThreadSnapshot>();
  threads->sites = {std::make_shared<const Site>(Site{.id = SiteId{5}, .state = "sleeping"})};
  for (int tid = 1; tid <= 5; ++tid) threads->threads.push_back({.tid = Tid{tid}});
  threads->limit = 1000;
  made.threads = std::shared_ptr<const ThreadSnapshot>{std::move(threads)};
  return made;
}

/// After twenty minutes in which the threads of its cgroup, which may have so many, grew by one every ten seconds.
TargetReport report_in_cgroup(std::uint64_t limit) {
  TargetRecord record{{}, {}};
  TargetReport report;
  for (int second = 0; second <= 1200; second += 10) {
    Observation made = look(second);
    made.cgroup_threads = {.in_use = 100 + static_cast<std::uint64_t>(second) / 10, .limit = limit};
    report = record.update(std::make_shared<const Observation>(std::move(made)));
  }
  return report;
}

TEST(TargetRecord, ThreadsOfOthersInTheCgroupUseUpItsLimitAsWell) {
  const TargetReport report = report_in_cgroup(1000);
  ASSERT_EQ(report.exhaustion.size(), 1U);
  EXPECT_EQ(report.exhaustion[0].resource, "threads");
  // There are 220 by now, and one more every ten seconds.
  EXPECT_NEAR(report.exhaustion[0].seconds, 7800, 100);
}

TEST(TargetRecord, ACgroupWithMoreRoomThanAnotherLimitDoesNotCount) {
  const TargetReport report = report_in_cgroup(5000);
  EXPECT_TRUE(report.exhaustion.empty());
}

}  // namespace
}  // namespace proctor
