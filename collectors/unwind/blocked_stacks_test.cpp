#include "collectors/unwind/blocked_stacks.h"

#include <gtest/gtest.h>

namespace proctor {
namespace {

using Files = std::vector<std::string_view>;

std::string user_of(const std::vector<Frame>& frames, const Files& files) {
  const Frame* user = native_user_frame(frames, files);
  return user == nullptr ? "" : user->function;
}

TEST(NativeUserFrame, IsTheFirstThatTheProgramItselfHas) {
  const std::vector<Frame> frames{{.function = "__futex_abstimed_wait_common"},
                                  {.function = "pthread_cond_wait"},
                                  {.function = "std::condition_variable::wait(std::unique_lock<std::mutex>&)"},
                                  {.function = "Pool::take()"},
                                  {.function = "main"}};
  EXPECT_EQ(user_of(frames, {"libc.so.6", "libc.so.6", "libstdc++.so.6", "server", "server"}), "Pool::take()");
  // A static program has them all in its own file.
  EXPECT_EQ(user_of(frames, Files(5, "server")), "Pool::take()");
}

TEST(NativeUserFrame, OfAnotherLibraryIsOne) {
  EXPECT_EQ(user_of({{.function = "poll"}, {.function = "curl_multi_wait"}}, {"libc.so.6", "libcurl.so.4"}),
            "curl_multi_wait");
}

TEST(NativeUserFrame, IsNoneInAJvm) {
  EXPECT_EQ(user_of({{.function = "pthread_cond_wait"}, {.function = "os::PlatformEvent::park()"}},
                    {"libc.so.6", "libjvm.so"}),
            "");
}

}  // namespace
}  // namespace proctor
