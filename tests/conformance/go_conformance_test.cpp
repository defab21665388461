// Compares what is read from outside with what a real Go program says of itself, for every build of park.go.

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <set>
#include <sstream>

#include "agent/profiles/goroutine_text.h"
#include "collectors/elf/dwarf_types.h"
#include "collectors/go/build_info.h"
#include "collectors/go/runtime_figures.h"
#include "collectors/goroutines/goroutine_history.h"
#include "collectors/goroutines/reachability.h"
#include "collectors/goroutines/timer_history.h"
#include "tests/support/child_process.h"

namespace proctor {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> park_binaries() {
  std::vector<std::string> binaries;
  if (fs::exists(PARK_BINARIES)) {
    for (const auto& entry : fs::directory_iterator(PARK_BINARIES)) binaries.push_back(entry.path());
  }
  std::ranges::sort(binaries);
  return binaries;
}

bool is_stripped(const std::string& binary) { return binary.ends_with("-stripped"); }

GoroutineHistory watch(const TestProgram& child) {
  const auto root = ProcRoot::open("/proc");
  auto process = GoProcess::attach(root->open_process(child.pid()).value());
  EXPECT_TRUE(process) << process.error();
  return GoroutineHistory{*std::move(process)};
}

/// Members by the name of the function that the user wrote.
std::map<std::string, std::uint64_t> members_by_function(const GoroutineSnapshot& snapshot) {
  std::map<std::string, std::uint64_t> members;
  for (const GoroutineSample& goroutine : snapshot.goroutines) {
    if (!goroutine.system) ++members[snapshot.sites[goroutine.site]->user.function];
  }
  return members;
}

std::uint64_t user_goroutines(const GoroutineSnapshot& snapshot) {
  return static_cast<std::uint64_t>(std::ranges::count(snapshot.goroutines, false, &GoroutineSample::system));
}

/// The counts of a debug=1 profile, each under the first function of main.
std::map<std::string, std::uint64_t> members_in_profile(const std::vector<std::string>& lines) {
  std::map<std::string, std::uint64_t> members;
  std::uint64_t count = 0;
  bool named = true;
  for (const std::string& line : lines) {
    if (!line.starts_with("#")) {
      count = std::strtoull(line.c_str(), nullptr, 10);
      named = false;
      continue;
    }
    const std::size_t begin = line.find("\tmain.");
    if (named || begin == std::string::npos) continue;
    members[line.substr(begin + 1, line.find('+', begin) - begin - 1)] += count;
    named = true;
  }
  return members;
}

/// Looks until the program has come to rest: all its goroutines wait.
std::shared_ptr<const GoroutineSnapshot> look_at_rest(GoroutineHistory& history) {
  while (true) {
    const auto snapshot = history.look();
    EXPECT_TRUE(snapshot) << snapshot.error();
    if (!snapshot) return nullptr;
    const bool rests = std::ranges::all_of((*snapshot)->goroutines, [&](const GoroutineSample& goroutine) {
      return goroutine.system || goroutine.state == GoroutineState::waiting ||
             goroutine.state == GoroutineState::syscall;
    });
    if (rests && (*snapshot)->torn == 0) return *snapshot;
  }
}

/// The paragraphs of a text, but those that speak of the main goroutine, which prints and so stands elsewhere. Values
/// of arguments are left out.
std::multiset<std::string> paragraphs(const std::vector<std::string>& lines) {
  std::multiset<std::string> all;
  std::string paragraph;
  const auto end = [&] {
    const bool of_main = paragraph.find("main.main+") != std::string::npos || paragraph.starts_with("goroutine 1 [");
    if (!paragraph.empty() && !of_main && !paragraph.starts_with("goroutine profile:")) all.insert(paragraph);
    paragraph.clear();
  };
  for (std::string line : lines) {
    if (line.empty() || line.starts_with("goroutine profile:")) {
      end();
      continue;
    }
    if (line.ends_with(')') && !line.starts_with('\t')) {
      int depth = 0;  // the arguments are what stands in the last pair of brackets
      std::size_t at = line.size();
      do {
        --at;
        depth += line[at] == ')' ? 1 : line[at] == '(' ? -1 : 0;
      } while (depth > 0 && at > 0);
      line = line.substr(0, at) + "(...)";
    }
    paragraph += line + "\n";
  }
  end();
  return all;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream{text};
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

class GoConformance : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    child_.emplace(std::vector<std::string>{GetParam()});
    version_ = child_->read_line();
  }
  std::optional<TestProgram> child_;
  std::string version_;
};

TEST_P(GoConformance, RowsOfTheTableAreThoseOfTheBinary) {
  const auto file = ElfFile::open(UniqueFd{::open(GetParam().c_str(), O_RDONLY | O_CLOEXEC)});
  ASSERT_TRUE(file) << file.error();
  const auto info = read_build_info(*file);
  ASSERT_TRUE(info) << info.error();
  const auto row = layout_of(parse_go_version(info->go_version).value());
  ASSERT_TRUE(row) << row.error();
  const auto types = DwarfTypes::open(*file, "runtime");
  if (is_stripped(GetParam())) {
    EXPECT_FALSE(types);
    return;
  }
  ASSERT_TRUE(types) << types.error();
  if (!experiment_that_moves_fields(info->go_version).empty()) GTEST_SKIP() << "an experiment has moved fields";
  const GoLayout known = with_dwarf(**row, *types);
  EXPECT_EQ(known.g, (*row)->g);
  EXPECT_EQ(known.sched, (*row)->sched);
  EXPECT_EQ(known.p, (*row)->p);
  EXPECT_EQ(known.moduledata, (*row)->moduledata);
  EXPECT_EQ(known.func, (*row)->func);
  EXPECT_EQ(known.sudog, (*row)->sudog);
  EXPECT_EQ(known.hchan, (*row)->hchan);
  EXPECT_EQ(known.gc_controller, (*row)->gc_controller);
  EXPECT_EQ(known.memstats, (*row)->memstats);
  EXPECT_EQ(known.semaphore_treap, (*row)->semaphore_treap);
}

TEST_P(GoConformance, CountsAndSitesAreThoseOfTheRuntime) {
  GoroutineHistory history = watch(*child_);
  child_->send("park 20");
  ASSERT_EQ(child_->read_line(), "parked");
  const auto snapshot = look_at_rest(history);
  ASSERT_NE(snapshot, nullptr);
  EXPECT_EQ(snapshot->runtime_version, version_);
  child_->send("count");
  EXPECT_EQ(child_->read_line(), std::to_string(snapshot->user_count));
  EXPECT_EQ(user_goroutines(*snapshot), snapshot->user_count);
  child_->send("profile");
  auto expected = members_in_profile(child_->read_lines_until("end"));
  expected.erase("main.main");  // it writes the profile, so it stands elsewhere now
  auto seen = members_by_function(*snapshot);
  seen.erase("main.main");
  EXPECT_EQ(seen, expected);
  EXPECT_EQ(seen["main.parkReceive"], 40U);  // 20 of them from parkDeep
}

TEST_P(GoConformance, ProfilesAreThoseOfTheRuntimeItself) {
  GoroutineHistory history = watch(*child_);
  child_->send("park 2");
  ASSERT_EQ(child_->read_line(), "parked");
  child_->send("shapes 3");
  ASSERT_EQ(child_->read_line(), "parked");
  const auto snapshot = look_at_rest(history);
  ASSERT_NE(snapshot, nullptr);
  child_->send("profile");
  EXPECT_EQ(paragraphs(lines_of(goroutine_profile_text(*snapshot))), paragraphs(child_->read_lines_until("end")));
  child_->send("traces");
  const MonotonicTime now = std::chrono::steady_clock::now();
  EXPECT_EQ(paragraphs(lines_of(goroutine_traces(*snapshot, now))), paragraphs(child_->read_lines_until("end")));
}

TEST_P(GoConformance, WaitReasonsAreInTheWordsOfThatRuntime) {
  GoroutineHistory history = watch(*child_);
  child_->send("park 1");
  ASSERT_EQ(child_->read_line(), "parked");
  const auto snapshot = look_at_rest(history);
  ASSERT_NE(snapshot, nullptr);
  std::map<std::string, std::string> reasons;
  for (const GoroutineSample& goroutine : snapshot->goroutines) {
    const Site& site = *snapshot->sites[goroutine.site];
    reasons[site.user.function] = site.reason;
    if (site.user.function == "main.parkSyscall") {
      EXPECT_EQ(goroutine.state, GoroutineState::syscall);
    }
    if (site.user.function.starts_with("main.park")) {
      EXPECT_EQ(site.created_by.function, "main.park");
    }
  }
  const GoVersion version = parse_go_version(version_).value();
  const bool split = version >= GoVersion{1, 20, 0};
  const bool split_groups = version >= GoVersion{1, 24, 0};
  EXPECT_EQ(reasons["main.parkReceive"], "chan receive");
  EXPECT_EQ(reasons["main.parkSend"], "chan send");
  EXPECT_EQ(reasons["main.parkNil"], "chan receive (nil chan)");
  EXPECT_EQ(reasons["main.parkMutex"], split ? "sync.Mutex.Lock" : "semacquire");
  EXPECT_EQ(reasons["main.parkRead"], split ? "sync.RWMutex.RLock" : "semacquire");
  EXPECT_EQ(reasons["main.parkGroup"], split_groups ? "sync.WaitGroup.Wait" : "semacquire");
  EXPECT_EQ(reasons["main.parkCond"], "sync.Cond.Wait");
  EXPECT_EQ(reasons["main.parkEmpty"], "select (no cases)");
  EXPECT_EQ(reasons["main.parkSleep"], "sleep");
  EXPECT_EQ(reasons["main.parkSelect"], "select");
}

TEST_P(GoConformance, TheChannelsThatAreWaitedForAreKnown) {
  GoroutineHistory history = watch(*child_);
  child_->send("park 3");
  ASSERT_EQ(child_->read_line(), "parked");
  child_->send("shapes 3");
  ASSERT_EQ(child_->read_line(), "parked");
  const auto snapshot = look_at_rest(history);
  ASSERT_NE(snapshot, nullptr);
  std::map<std::string, std::set<RemoteAddress>> objects;
  std::map<std::string, std::set<std::string>> types;
  for (const GoroutineSample& goroutine : snapshot->goroutines) {
    const Site& site = *snapshot->sites[goroutine.site];
    if (goroutine.object == RemoteAddress{}) continue;
    objects[site.user.function].insert(goroutine.object);
    const auto channel = std::ranges::find(snapshot->channels, goroutine.object, &GoChannel::address);
    if (channel == snapshot->channels.end()) continue;
    types[site.user.function].insert(channel->element_type);
    EXPECT_EQ(channel->capacity, 0U);
    EXPECT_FALSE(channel->closed);
  }
  EXPECT_EQ(objects["main.parkSend"].size(), 3U);
  EXPECT_EQ(objects["main.parkContext"].size(), 1U);  // all wait for the end of one context
  EXPECT_EQ(objects.count("main.parkSelect"), 0U);    // it waits for two
  for (const auto& [site, channels] : snapshot->selects) {
    if (snapshot->sites[site]->user.function != "main.parkSelect") continue;
    EXPECT_THAT(channels, testing::SizeIs(2));
    EXPECT_THAT(channels, testing::Contains(*objects["main.parkContext"].begin()));
  }
  EXPECT_EQ(objects.count("main.parkNil"), 0U);
  EXPECT_EQ(objects.count("main.parkSleep"), 0U);
  // Until 1.25 a goroutine does not name the semaphore that it waits for; the runtime's table does.
  for (const char* function : {"main.parkMutex", "main.parkRead", "main.parkGroup"}) {
    ASSERT_EQ(objects[function].size(), 1U) << function;
    const auto queue = std::ranges::find(snapshot->lock_queues, *objects[function].begin(), &GoLockQueue::semaphore);
    ASSERT_NE(queue, snapshot->lock_queues.end()) << function;
    EXPECT_EQ(queue->waiters.size(), 3U) << function;
    for (const std::uint32_t waiter : queue->waiters) {
      EXPECT_EQ(snapshot->sites[snapshot->goroutines[waiter].site]->user.function, function);
    }
  }
  EXPECT_THAT(types["main.parkSend"], testing::ElementsAre("int"));
  EXPECT_THAT(types["main.parkContext"], testing::ElementsAre("struct {}"));
  // 1.19 names the type that the compiler made of all that are laid out alike.
  EXPECT_THAT(types["main.parkGeneric[...]"], testing::ElementsAre(testing::AnyOf("int", "go.shape.int_0"),
                                                                   testing::AnyOf("string", "go.shape.string_0")));
}

/// How many goroutines stand in a function, and how many of them can never go on.
struct Unreached {
  std::uint64_t there = 0;
  std::uint64_t found = 0;
};

std::map<std::string, Unreached> unreached_by_function(GoroutineHistory& history) {
  std::map<std::string, Unreached> functions;
  const auto snapshot = look_at_rest(history);
  const auto followed =
      follow_references(history.process(), ContextTypes::find(history.process()), std::uint64_t{1} << 30);
  EXPECT_TRUE(followed) << followed.error();
  if (!snapshot || !followed) return functions;
  std::map<std::uint64_t, std::string> names;
  for (const GoroutineSample& goroutine : snapshot->goroutines) {
    const std::string& name = snapshot->sites[goroutine.site]->user.function;
    names[goroutine.goid] = name;
    ++functions[name].there;
  }
  for (const UnreachableGoroutine& goroutine : followed->unreachable) ++functions[names[goroutine.goid]].found;
  return functions;
}

TEST_P(GoConformance, WhatNothingRefersToIsTheWaitOfThoseThatNeverGoOn) {
  // Words that are not used any more may look like references to a few of them, and in one start of twenty to many.
  constexpr int kStarts = 3;
  std::string missed;
  for (int start = 0; start < kStarts; ++start) {
    if (start > 0) SetUp();
    GoroutineHistory history = watch(*child_);
    child_->send("park 30");
    ASSERT_EQ(child_->read_line(), "parked");
    child_->send("shapes 30");
    ASSERT_EQ(child_->read_line(), "parked");
    auto functions = unreached_by_function(history);
    // The others wait for variables, for a context that the main function holds, or for the kernel.
    for (const char* function : {"main.parkMutex", "main.parkRead", "main.parkGroup", "main.parkCond", "main.parkSleep",
                                 "main.parkContext", "main.parkSelect", "main.parkSyscall", "main.main", ""}) {
      EXPECT_EQ(functions[function].found, 0U) << function;
    }
    EXPECT_EQ(functions["main.parkNil"].found, 30U);
    EXPECT_EQ(functions["main.parkEmpty"].found, 30U);
    missed.clear();
    for (const char* function : {"main.parkReceive", "main.parkSend", "main.receive"}) {
      const auto [there, found] = functions[function];
      EXPECT_GT(there, 0U) << function;
      EXPECT_LE(found, there) << function;
      if (found < there - there / 5) missed += fmt::format("{}: {} of {}\n", function, found, there);
    }
    if (missed.empty()) return;
  }
  FAIL() << missed;
}

TEST_P(GoConformance, MemoryIsThatOfTheRuntime) {
  GoroutineHistory history = watch(*child_);
  child_->send("park 100");
  ASSERT_EQ(child_->read_line(), "parked");
  ASSERT_NE(look_at_rest(history), nullptr);
  child_->send("memory");
  std::istringstream told{child_->read_line()};
  std::uint64_t cycles = 0, pause = 0, stacks = 0, heap = 0, last = 0, processors = 0;
  told >> cycles >> pause >> stacks >> heap >> last >> processors;
  const auto figures = read_runtime_figures(history.process());
  ASSERT_TRUE(figures) << figures.error();
  EXPECT_EQ(figures->gc_cycles, cycles);
  EXPECT_EQ(static_cast<std::uint64_t>(figures->gc_pause.count()), pause);
  EXPECT_EQ(figures->max_procs, processors);
  ASSERT_TRUE(figures->last_gc);
  EXPECT_EQ(static_cast<std::uint64_t>(figures->last_gc->time_since_epoch().count()), last);
  // What it says of itself, it allocates for; and its cached spans count as live.
  EXPECT_NEAR(static_cast<double>(count(figures->stack)), static_cast<double>(stacks), 256 << 10);
  EXPECT_NEAR(static_cast<double>(count(figures->heap_live)), static_cast<double>(heap), 1 << 20);
  EXPECT_NEAR(static_cast<double>(count(figures->heap_marked)), static_cast<double>(heap), 1 << 20);
  EXPECT_EQ(figures->gc_percent, 100U);
  EXPECT_FALSE(figures->memory_limit);
  EXPECT_GE(figures->timers, 100U);  // those that sleep
}

TEST_P(GoConformance, TimersAreKnownByWhatTheyDo) {
  GoroutineHistory history = watch(*child_);
  child_->send("park 10");
  ASSERT_EQ(child_->read_line(), "parked");
  child_->send("timers 30");
  ASSERT_EQ(child_->read_line(), "set");
  ASSERT_NE(look_at_rest(history), nullptr);
  TimerHistory timers{history.process()};
  std::map<std::string, std::uint64_t> members;
  for (int look = 0; look < 2; ++look) {
    const auto snapshot = timers.look();
    ASSERT_TRUE(snapshot) << snapshot.error();
    members.clear();
    for (const TimerSample& timer : (*snapshot)->timers) {
      const Site& site = *(*snapshot)->sites[timer.site];
      ++members[site.reason == "context" ? site.reason : site.reason + " " + site.user.function + site.name];
      if (site.user.function == "main.expire") {
        EXPECT_TRUE(site.user.file.ends_with("park.go")) << site.user.file;
      }
    }
  }
  EXPECT_EQ(members["call main.expire"], 30U);
  EXPECT_EQ(members["context"], 30U);
  EXPECT_EQ(members["ticker every 3600 s"], 30U);
  EXPECT_EQ(members["sleep "], 10U);
}

TEST_P(GoConformance, ContextsThatNobodyCancelsAreCounted) {
  GoroutineHistory history = watch(*child_);
  child_->send("timers 30");
  ASSERT_EQ(child_->read_line(), "set");
  child_->send("contexts 50");
  ASSERT_EQ(child_->read_line(), "made");
  ASSERT_NE(look_at_rest(history), nullptr);
  const auto followed =
      follow_references(history.process(), ContextTypes::find(history.process()), std::uint64_t{1} << 30);
  ASSERT_TRUE(followed) << followed.error();
  constexpr std::uint64_t kMain = 1;
  std::map<std::pair<bool, std::uint64_t>, std::uint64_t> members;  // by whether a goroutine holds the one above it
  for (const LiveContext& context : followed->contexts) {
    ++members[{context.parent != RemoteAddress{}, context.holder}];
  }
  // Not every build keeps the interface value on the stack.
  EXPECT_EQ((members[{true, kMain}] + members[{true, 0}]), 50U);
  // Those with a deadline, and the main function's.
  EXPECT_EQ((members[{false, 0}]), 31U);
}

TEST_P(GoConformance, WhoWaitsForTheNetworkIsKnownWithTheDescriptor) {
  GoroutineHistory history = watch(*child_);
  child_->send("accept 20");
  std::istringstream told{child_->read_line()};
  std::set<std::int32_t> expected;
  for (std::int32_t fd = 0; told >> fd;) expected.insert(fd);
  ASSERT_EQ(expected.size(), 20U);
  std::vector<std::int32_t> seen;
  // One that has only just asked the kernel is in a system call.
  while (seen.size() < expected.size()) {
    const auto snapshot = look_at_rest(history);
    ASSERT_NE(snapshot, nullptr);
    seen.clear();
    for (const GoroutineSample& goroutine : snapshot->goroutines) {
      const Site& site = *snapshot->sites[goroutine.site];
      const bool waits = site.reason == "IO wait" && site.user.function.starts_with("main.accept");
      if (waits) seen.push_back(goroutine.fd.value_or(-1));
    }
  }
  EXPECT_THAT(seen, testing::UnorderedElementsAreArray(expected));
}

TEST_P(GoConformance, NothingChangedIsTheSameSnapshot) {
  GoroutineHistory history = watch(*child_);
  child_->send("park 50");
  ASSERT_EQ(child_->read_line(), "parked");
  // The runtime's own goroutines come to rest a little later.
  auto before = look_at_rest(history);
  auto now = look_at_rest(history);
  while (now != before) {
    ASSERT_NE(now, nullptr);
    before = std::exchange(now, look_at_rest(history));
  }
}

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

TEST(GoProcess, AProgramThatIsNotGoIsRefusedByName) {
  TestProgram child{{"/bin/cat"}};
  child.send("runs");
  ASSERT_EQ(child.read_line(), "runs");  // and is no longer this program's copy
  const auto root = ProcRoot::open("/proc");
  const auto process = GoProcess::attach(root->open_process(child.pid()).value());
  ASSERT_FALSE(process);
  EXPECT_EQ(process.error().code, ErrorCode::unsupported_go_version) << process.error();
}

INSTANTIATE_TEST_SUITE_P(Builds, GoConformance, testing::ValuesIn(park_binaries()), [](const auto& binary) {
  std::string name = fs::path{binary.param}.filename();
  std::ranges::replace_if(
      name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
});
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(GoConformance);

}  // namespace
}  // namespace proctor

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (proctor::park_binaries().empty()) std::puts("Skipped: no Go toolchain on this machine");
  return RUN_ALL_TESTS();
}
