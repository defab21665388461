#include "collectors/os/proc_root.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace proctor {
namespace {

TEST(ProcRoot, ListsThisProcess) {
  const auto root = ProcRoot::open("/proc");
  ASSERT_TRUE(root) << root.error();
  EXPECT_THAT(root->list_processes().value(), testing::Contains(Pid{::getpid()}));
}

TEST(ProcRoot, AMissingRootIsNamed) {
  const auto root = ProcRoot::open("/nonexistent/proc");
  ASSERT_FALSE(root);
  EXPECT_THAT(root.error().message, testing::HasSubstr("/nonexistent/proc"));
}

TEST(ProcDir, OfAnEndedProcessSaysGone) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  const auto root = ProcRoot::open("/proc");
  const auto process = root->open_process(Pid{child});
  ASSERT_TRUE(process) << process.error();
  ASSERT_TRUE(process->read_file("stat"));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  for (const char* name : {"stat", "status", "maps"}) {
    const auto text = process->read_file(name);
    ASSERT_FALSE(text) << name;
    EXPECT_EQ(text.error().code, ErrorCode::target_gone) << text.error();
  }
  EXPECT_EQ(root->open_process(Pid{child}).error().code, ErrorCode::target_gone);
}

TEST(ProcDir, AFileThatIsNotThereIsNotTheEndOfTheProcess) {
  const auto root = ProcRoot::open("/proc");
  const auto process = root->open_process(Pid{::getpid()});
  EXPECT_EQ(process->read_file("no_such_file").error().code, ErrorCode::not_found);
}

TEST(ProcDir, ReadsLinksOfAnyLength) {
  const auto root = ProcRoot::open("/proc");
  const auto process = root->open_process(Pid{::getpid()});
  EXPECT_THAT(process->read_link("exe").value(), testing::EndsWith("os_test"));
}

TEST(ProcDir, RefusesAFileAboveTheLimit) {
  const auto root = ProcRoot::open("/proc");
  const auto process = root->open_process(Pid{::getpid()});
  EXPECT_EQ(process->read_file("maps", 16).error().code, ErrorCode::limit_reached);
}

}  // namespace
}  // namespace proctor
