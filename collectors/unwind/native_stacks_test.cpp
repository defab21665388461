#include <fcntl.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "collectors/unwind/stack_names.h"

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

TEST(CodeFile, ANewProgramCopiedOverTheOldOneIsNoticed) {
  const std::string path = testing::TempDir() + "proctor-code-file";
  std::filesystem::copy_file("/proc/self/exe", path, std::filesystem::copy_options::overwrite_existing);
  auto file = ElfFile::open(UniqueFd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)});
  ASSERT_TRUE(file) << file.error();
  const CodeFile code{"server", *std::move(file), 0};
  EXPECT_FALSE(code.is_rewritten());
  std::ofstream{path, std::ios::trunc} << "another program";
  EXPECT_TRUE(code.is_rewritten());
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace proctor
