// Compares who is said to hold a lock with what the functions of a real Go program do.

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <string_view>

#include "tests/conformance/go_conformance.h"

namespace proctor {
namespace {

/// The outermost function whose name begins with "main.lock" on a goroutine's stack; empty for none.
std::string case_of(const GoroutineSnapshot& snapshot, std::uint32_t goroutine) {
  std::string name;
  for (const Frame& frame : snapshot.sites[snapshot.goroutines[goroutine].site]->frames) {
    if (frame.function.starts_with("main.lock")) name = frame.function;
  }
  return name;
}

TEST_P(GoConformance, WhoWaitsForALockThatItHoldsIsKnown) {
  GoroutineHistory history = watch(*child_);
  child_->send("locks");
  ASSERT_EQ(child_->read_line(), "locked");
  // Who holds it is told again where nothing has moved.
  for (int look = 0; look < 2; ++look) {
    const auto snapshot = look_at_rest(history);
    ASSERT_NE(snapshot, nullptr);
    std::map<std::string, std::string> locked_in;  // by case: by which of its calls; empty for none
    for (const GoLockQueue& queue : snapshot->lock_queues) {
      const std::string name = case_of(*snapshot, queue.waiters.front());
      if (name.empty()) continue;
      ASSERT_EQ(queue.waiters.size(), 1U);
      std::string& function = locked_in[name];
      for (const LockHolder& holder : queue.holders) {
        EXPECT_EQ(holder.goroutine, queue.waiters.front());
        const GoroutineStack& stack = *snapshot->stacks[snapshot->goroutines[holder.goroutine].stack_index];
        function += stack.calls[holder.call]->back().frame.function;
      }
    }
    EXPECT_EQ(locked_in.size(), 16U);
    for (const auto& [function, call] : locked_in) {
      // What a build with a race detector keeps at hand besides, and what it defers, hides some.
      if (GetParam().ends_with("-race") && call.empty()) continue;
      const std::string holder = function == "main.lockTwiceOnce" ? "sync.(*Once).doSlow" : function;
      EXPECT_EQ(call, function.starts_with("main.lockTwice") ? holder : "") << function;
    }
    child_->send("park 1");
    ASSERT_EQ(child_->read_line(), "parked");
  }
}

}  // namespace
}  // namespace proctor
