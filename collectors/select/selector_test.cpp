#include "collectors/select/selector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "collectors/select/match.h"
#include "tests/support/forked_child.h"

namespace proctor {
namespace {

namespace fs = std::filesystem;

std::shared_ptr<const TargetRule> rule(std::string name, MatchRule match, bool children = false) {
  TargetRule made{.name = std::move(name), .match = std::move(match)};
  made.children = children;
  return std::make_shared<const TargetRule>(std::move(made));
}

std::shared_ptr<const Config> config(std::vector<std::shared_ptr<const TargetRule>> rules, std::uint32_t limit = 1000) {
  Config made;
  made.targets = std::move(rules);
  made.limits.targets = limit;
  return std::make_shared<const Config>(std::move(made));
}

Selector selector(std::shared_ptr<const Config> config, const fs::path& procfs = "/proc") {
  return Selector{ProcRoot::open(procfs).value(), std::move(config)};
}

std::vector<std::string> names(const Selection& selection) {
  std::vector<std::string> result;
  for (const auto& target : selection.targets) result.push_back(target->description().name);
  return result;
}

/// A child that waits under a name.
void wait_as(const char* name, const ForkedChild::Ready& ready) {
  ::prctl(PR_SET_NAME, name);
  ready();
  ::pause();
}

TEST(Selector, MatchesANameOfAnyBytes) {
  for (const std::string name : {"a) (b", "two\nlines", "\xff\xfe"}) {
    const ForkedChild child{[&](const ForkedChild::Ready& ready) { wait_as(name.c_str(), ready); }};
    const auto selection = selector(config({rule("{{comm}}", {.comm = name})})).select();
    ASSERT_EQ(selection.targets.size(), 1U) << name;
    EXPECT_EQ(selection.targets[0]->identity().pid, child.pid());
    EXPECT_EQ(selection.targets[0]->description().name, selection.targets[0]->description().comm);
  }
}

TEST(Selector, FindsAProcessThatTakesItsNameLater) {
  std::array<int, 2> order{};
  ASSERT_EQ(::pipe(order.data()), 0);
  const ForkedChild child{[&](const ForkedChild::Ready& ready) {
    ::prctl(PR_SET_NAME, "early-name");
    ready();
    char byte = 0;
    if (::read(order[0], &byte, 1) != 1) ::_exit(1);
    wait_as("late-name", ready);
  }};
  Selector select = selector(config({rule("late", {.comm = "late-name"})}));
  auto selection = select.select();
  EXPECT_TRUE(selection.targets.empty());
  EXPECT_EQ(selection.processes_by_name.at("late"), 0U);
  ASSERT_EQ(::write(order[1], "x", 1), 1);
  child.await_ready();
  selection = select.select();
  EXPECT_EQ(selection.processes_by_name.at("late"), 1U);
}

TEST(Selector, AnExecIsADescriptionAnew) {
  std::array<int, 2> order{};
  ASSERT_EQ(::pipe(order.data()), 0);
  const ForkedChild child{[&](const ForkedChild::Ready& ready) {
    ready();
    char byte = 0;
    if (::read(order[0], &byte, 1) != 1) ::_exit(1);
    ::execl("/bin/sleep", "sleep", "1000", nullptr);
  }};
  const auto by_pid = config({rule("it", {.pid = number(child.pid())})});
  Selector select = selector(by_pid);
  const std::string before = select.select().targets.at(0)->description().exe;
  ASSERT_EQ(::write(order[1], "x", 1), 1);
  std::string after = before;
  while (after == before) after = select.select().targets.at(0)->description().exe;
  EXPECT_THAT(after, testing::HasSubstr("sleep"));
}

TEST(Selector, AnEndedProcessIsGoneAndAZombieIsNot) {
  ForkedChild child{[](const ForkedChild::Ready& ready) { wait_as("ends-soon", ready); }};
  Selector select = selector(config({rule("ends", {.comm = "ends-soon"})}));
  const TargetIdentity identity = select.select().targets.at(0)->identity();
  child.kill();
  siginfo_t ended{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(number(child.pid())), &ended, WEXITED | WNOWAIT), 0);
  auto selection = select.select();
  ASSERT_EQ(selection.targets.size(), 1U);
  EXPECT_TRUE(selection.targets[0]->description().zombie);
  EXPECT_TRUE(selection.gone.empty());
  child.kill_and_reap();
  selection = select.select();
  EXPECT_TRUE(selection.targets.empty());
  EXPECT_THAT(selection.gone, testing::ElementsAre(identity));
  EXPECT_EQ(selection.processes_by_name.at("ends"), 0U);
}

TEST(Selector, DescendantsBelongToTheirAncestorWhereTheRuleSaysSo) {
  const ForkedChild child{[](const ForkedChild::Ready& ready) {
    ::prctl(PR_SET_NAME, "the-parent");
    if (::fork() == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      wait_as("the-child", ready);
    }
    ::pause();
  }};
  EXPECT_THAT(names(selector(config({rule("p", {.comm = "the-parent"}, true)})).select()),
              testing::ElementsAre("p", "p"));
  const auto without = selector(config({rule("p", {.comm = "the-parent"})})).select();
  ASSERT_EQ(without.targets.size(), 1U);
  ASSERT_EQ(without.targets[0]->children().size(), 1U);
  EXPECT_EQ(without.targets[0]->children()[0].comm, "the-child");
}

TEST(Selector, LeavesOutItselfAndKernelThreads) {
  const auto selection = selector(config({rule("{{comm}}", {})})).select();
  for (const auto& target : selection.targets) {
    EXPECT_NE(target->identity().pid, Pid{::getpid()});
    EXPECT_NE(target->identity().pid, Pid{2});  // kthreadd
  }
}

TEST(Selector, MoreThanTheLimitAreDroppedAndCounted) {
  const ForkedChild a{[](const ForkedChild::Ready& ready) { wait_as("one-of-many", ready); }};
  const ForkedChild b{[](const ForkedChild::Ready& ready) { wait_as("one-of-many", ready); }};
  const auto selection = selector(config({rule("m", {.comm = "one-of-many"})}, 1)).select();
  EXPECT_EQ(selection.targets.size(), 1U);
  EXPECT_EQ(selection.dropped, 1U);
}

/// A procfs of one process, whose number another one takes.
TEST(Selector, AReusedNumberIsAnotherTarget) {
  const fs::path root = fs::path{testing::TempDir()} / "selector-test-proc";
  fs::remove_all(root);
  const auto write = [&](const char* start) {
    fs::create_directories(root / "400");
    std::ofstream{root / "stat"} << "btime 1\n";
    std::ofstream{root / "400/stat"} << "400 (service) S 1 400 400 0 -1 4194304 1 0 0 0 1 1 0 0 20 0 1 0 " << start
                                     << " 4096 1 18446744073709551615 1 1 0\n";
  };
  write("100");
  Selector select = selector(config({rule("s", {.comm = "service"})}), root);
  const TargetIdentity first = select.select().targets.at(0)->identity();
  write("200");
  const auto selection = select.select();
  ASSERT_EQ(selection.targets.size(), 1U);
  EXPECT_NE(selection.targets[0]->identity(), first);
  EXPECT_THAT(selection.gone, testing::ElementsAre(first));
  fs::remove_all(root);
}

TEST(Selector, AFailedListLosesNoTarget) {
  const fs::path root = fs::path{testing::TempDir()} / "selector-test-list";
  fs::remove_all(root);
  fs::create_directories(root / "400");
  std::ofstream{root / "400/stat"}
      << "400 (service) S 1 400 400 0 -1 4194304 1 0 0 0 1 1 0 0 20 0 1 0 100 4096 1 1 1\n";
  Selector select = selector(config({rule("s", {.comm = "service"})}), root);
  ASSERT_EQ(select.select().targets.size(), 1U);
  // The limit of descriptors is a way to fail that a busy agent meets.
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit none{0, limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto selection = select.select();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(selection.targets.size(), 1U);
  EXPECT_TRUE(selection.unreadable);
  EXPECT_TRUE(selection.gone.empty());
  EXPECT_FALSE(select.select().unreadable);
  fs::remove_all(root);
}

TEST(Selector, APidFileThatNamesAnotherProcessIsFollowed) {
  const ForkedChild a{[](const ForkedChild::Ready& ready) { wait_as("pid-file", ready); }};
  const ForkedChild b{[](const ForkedChild::Ready& ready) { wait_as("pid-file", ready); }};
  const fs::path file = fs::path{testing::TempDir()} / "selector-test.pid";
  const auto write = [&](Pid pid) { std::ofstream{file} << number(pid) << "\n"; };
  write(a.pid());
  Selector select = selector(config({rule("s", {.pid_file = file})}));
  EXPECT_EQ(select.select().targets.at(0)->identity().pid, a.pid());
  write(b.pid());
  std::vector<Pid> seen;
  for (int round = 0; round < 20 && seen != std::vector{b.pid()}; ++round) {
    seen.clear();
    for (const auto& target : select.select().targets) seen.push_back(target->identity().pid);
  }
  EXPECT_THAT(seen, testing::ElementsAre(b.pid()));
  fs::remove(file);
}

TEST(Match, TakesTheTitleAsItIsNowWithoutTrailingZeros) {
  const ForkedChild child{[](const ForkedChild::Ready& ready) {
    ready();
    ::execl("/bin/sleep", "sleep", "1000", nullptr);
  }};
  const ProcDir process = ProcRoot::open("/proc")->open_process(child.pid()).value();
  std::string cmdline;
  while (!cmdline.starts_with("sleep")) cmdline = ProcessFacts{process, "sleep"}.cmdline();
  EXPECT_EQ(cmdline, "sleep 1000");
}

TEST(Match, FillsInTheTemplate) {
  const ForkedChild child{[](const ForkedChild::Ready& ready) { wait_as("svc", ready); }};
  const ProcDir process = ProcRoot::open("/proc")->open_process(child.pid()).value();
  ProcessFacts facts{process, "svc"};
  const Pattern pattern{.text = "(select)_(test)", .expression = std::make_shared<const re2::RE2>("(select)_(test)")};
  const auto name = match(*rule("{{comm}}-{{2}}-{{pid}}-{{exe_base}}", {.cmdline = pattern}), facts);
  EXPECT_EQ(name, "svc-test-" + std::to_string(number(child.pid())) + "-select_test");
  EXPECT_FALSE(match(*rule("x", {.comm = "other"}), facts));
  EXPECT_FALSE(match(*rule("x", {.pid_file = "/nonexistent/pid"}), facts));
  EXPECT_TRUE(match(*rule("x", {.comm_glob = "s*c"}), facts));
  EXPECT_TRUE(match(*rule("x", {.exe = "select_t*t"}), facts));
  EXPECT_TRUE(match(*rule("x", {.exe = "/*/select_test"}), facts));
  EXPECT_FALSE(match(*rule("x", {.exe = "/select_test"}), facts));
}

TEST(Executables, TellTheRuntime) {
  struct Known {
    const char* file;
    Runtime runtime;
  };
  for (const Known& known : {Known{"/usr/bin/python3", Runtime::python}, Known{"/usr/bin/prometheus", Runtime::go},
                             Known{"/bin/sleep", Runtime::native}}) {
    if (!fs::exists(known.file)) continue;
    const ForkedChild child{[&](const ForkedChild::Ready& ready) {
      ready();
      ::execl(known.file, known.file, "-c", "import signal; signal.pause()", nullptr);
    }};
    const ProcDir process = ProcRoot::open("/proc")->open_process(child.pid()).value();
    const std::string wanted = fs::canonical(known.file);
    std::string exe;
    while (exe != wanted) {
      const auto link = process.read_link("exe");
      if (!link) break;  // sleep refuses these arguments
      exe = *link;
    }
    if (exe != wanted) continue;
    Executables executables;
    EXPECT_EQ(executables.of(process, exe).runtime, known.runtime) << known.file;
  }
}

}  // namespace
}  // namespace proctor
