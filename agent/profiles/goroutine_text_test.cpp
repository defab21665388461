#include "agent/profiles/goroutine_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/profiles/runtime_names.h"

namespace proctor {
namespace {

std::shared_ptr<const std::vector<GoFrame>> call(const char* function, const char* file, std::uint32_t line,
                                                 std::uint64_t pc, std::uint64_t entry) {
  return std::make_shared<const std::vector<GoFrame>>(
      std::vector{GoFrame{.frame = {function, file, line}, .pc = RemoteAddress{pc}, .entry = RemoteAddress{entry}}});
}

/// Two goroutines on one stack, of which one has a label, and one of the runtime.
GoroutineSnapshot two_waiting() {
  GoroutineSnapshot snapshot;
  Site site{.state = "waiting", .reason = "chan receive"};
  snapshot.sites = {std::make_shared<const Site>(site)};
  GoroutineStack stack;
  stack.calls = {call("runtime.gopark", "/go/proc.go", 364, 0x1101, 0x1000),
                 call("main.wait", "/src/main.go", 20, 0x2042, 0x2000)};
  stack.end = RemoteAddress{0x3001};
  stack.created_by = {
      .frame = {"main.main", "/src/main.go", 9}, .pc = RemoteAddress{0x4010}, .entry = RemoteAddress{0x4000}};
  snapshot.stacks = {std::make_shared<const GoroutineStack>(stack)};
  snapshot.labels = {std::make_shared<const ProfileLabels>(),
                     std::make_shared<const ProfileLabels>(ProfileLabels{{"key", "a \"b\""}})};
  GoroutineSample sample;
  sample.goid = 7;
  sample.parent_goid = 1;
  sample.state = GoroutineState::waiting;
  sample.waiting_since = MonotonicTime{std::chrono::minutes{10}};
  snapshot.goroutines.push_back(sample);
  sample.goid = 8;
  sample.labels = 1;
  sample.locked_to_thread = true;
  snapshot.goroutines.push_back(sample);
  sample.goid = 2;
  sample.system = true;
  snapshot.goroutines.push_back(sample);
  return snapshot;
}

TEST(GoroutineProfile, TextIsThatOfTheRuntime) {
  EXPECT_EQ(goroutine_profile_text(two_waiting()),
            "goroutine profile: total 2\n"
            "1 @ 0x1101 0x2042 0x3001\n"
            "#\t0x2041\tmain.wait+0x41\t/src/main.go:20\n"
            "\n"
            "1 @ 0x1101 0x2042 0x3001\n"
            "# labels: {\"key\":\"a \\\"b\\\"\"}\n"
            "#\t0x2041\tmain.wait+0x41\t/src/main.go:20\n"
            "\n");
}

TEST(GoroutineProfile, TracesAreThoseOfTheRuntime) {
  EXPECT_EQ(goroutine_traces(two_waiting(), MonotonicTime{std::chrono::minutes{13}}),
            "goroutine 7 [chan receive, 3 minutes]:\n"
            "main.wait(...)\n"
            "\t/src/main.go:20 +0x42\n"
            "created by main.main in goroutine 1\n"
            "\t/src/main.go:9 +0x10\n"
            "\n"
            "goroutine 8 [chan receive, 3 minutes, locked to thread]:\n"
            "main.wait(...)\n"
            "\t/src/main.go:20 +0x42\n"
            "created by main.main in goroutine 1\n"
            "\t/src/main.go:9 +0x10\n");
}

TEST(RuntimeNames, OnlyWhatAProgramCanCallIsShown) {
  EXPECT_TRUE(is_shown_in_traces("main.main"));
  EXPECT_TRUE(is_shown_in_traces("runtime.GC"));
  EXPECT_TRUE(is_shown_in_traces("runtime.(*Func).Entry"));
  EXPECT_FALSE(is_shown_in_traces("runtime.gopark"));
  EXPECT_FALSE(is_shown_in_traces("runtime.(*mheap).Alloc"));
  EXPECT_FALSE(is_shown_in_traces("memmove"));
}

}  // namespace
}  // namespace proctor
