// A real Go program whose goroutines come and go without end, as it is read from outside.

#include <gmock/gmock.h>

#include <set>

#include "collectors/goroutines/reachability.h"
#include "tests/conformance/go_conformance.h"

namespace proctor {
namespace {

TEST_P(GoConformance, AProgramInFullMotionGivesNoFalseFrame) {
  GoroutineHistory history = watch(*child_);
  child_->send("park 10");
  ASSERT_EQ(child_->read_line(), "parked");
  ASSERT_NE(look_at_rest(history), nullptr);
  child_->send("churn 50");
  ASSERT_EQ(child_->read_line(), "churning");
  std::uint64_t created = 0;
  for (int round = 0; round < 200; ++round) {
    const auto snapshot = history.look();
    ASSERT_TRUE(snapshot) << snapshot.error();
    // What stands still is counted exactly in the midst of it.
    EXPECT_EQ(members_by_function(**snapshot)["main.parkSend"], 10U);
    for (const GoroutineSample& goroutine : (*snapshot)->goroutines) {
      const Site& site = *(*snapshot)->sites[goroutine.site];
      if (goroutine.system || site.frames.empty()) continue;
      // A stack ends in the function that the goroutine began with, or that of an end: runtime.goexit1.
      EXPECT_THAT(site.frames.back().function,
                  testing::AnyOf(testing::StartsWith("main."), "runtime.main", "runtime.goexit1", "runtime.goexit0"))
          << site.state << " " << site.reason;
    }
    EXPECT_GE((*snapshot)->created_total.value_or(created), created);
    created = (*snapshot)->created_total.value_or(created);
  }
}

TEST_P(GoConformance, OfAProgramInFullMotionOnlyWhatStandsStillNeverGoesOn) {
  GoroutineHistory history = watch(*child_);
  child_->send("park 10");
  ASSERT_EQ(child_->read_line(), "parked");
  const auto snapshot = look_at_rest(history);
  ASSERT_NE(snapshot, nullptr);
  std::set<std::uint64_t> still;
  for (const GoroutineSample& goroutine : snapshot->goroutines) still.insert(goroutine.goid);
  child_->send("churn 50");
  ASSERT_EQ(child_->read_line(), "churning");
  // Two checks count together that are as far apart as a thread which the kernel does not let run may keep a reference
  // in its registers.
  constexpr std::size_t kApart = 40;
  std::vector<std::vector<UnreachableGoroutine>> checks;
  std::uint64_t confirmed = 0;
  while (checks.size() < 4 * kApart) {
    auto found = follow_references(history.process(), ContextTypes::find(history.process()), std::uint64_t{1} << 30);
    // It may move in the midst of a read, and says so.
    if (!found) {
      ASSERT_EQ(found.error().code, ErrorCode::torn_read) << found.error();
      continue;
    }
    checks.push_back(std::move(found->unreachable));
    if (checks.size() <= kApart) continue;
    const auto& before = checks[checks.size() - 1 - kApart];
    for (const UnreachableGoroutine& goroutine : checks.back()) {
      const auto same = [&](const UnreachableGoroutine& other) { return goroutine.same_wait(other); };
      if (std::ranges::none_of(before, same)) continue;
      ++confirmed;
      EXPECT_TRUE(still.contains(goroutine.goid)) << "goroutine " << goroutine.goid << " goes on";
    }
  }
  EXPECT_GT(confirmed, 0U);
}

}  // namespace
}  // namespace proctor
