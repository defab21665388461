// Compares what is read from outside with what a real Go program says of itself: who stands where, and waits for what.

#include "tests/conformance/go_conformance.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <set>
#include <sstream>

#include "agent/profiles/goroutine_text.h"
#include "collectors/elf/dwarf_types.h"
#include "collectors/go/build_info.h"

namespace proctor {
namespace {

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

TEST_P(GoConformance, WhoHoldsALockOfAPackageIsToldByTheCode) {
  GoroutineHistory history = watch(*child_);
  child_->send("park 10");
  ASSERT_EQ(child_->read_line(), "parked");
  const auto snapshot = look_at_rest(history);
  ASSERT_NE(snapshot, nullptr);
  // main locks the mutex and the RWMutex that the others wait for, and reads its input.
  std::set<std::string> waiting;
  for (const GoLockQueue& queue : snapshot->lock_queues) {
    const std::string& function = snapshot->sites[snapshot->goroutines[queue.waiters.front()].site]->user.function;
    std::vector<std::uint64_t> holders;
    for (const LockHolder& holder : queue.holders) holders.push_back(snapshot->goroutines[holder.goroutine].goid);
    if (function != "main.parkMutex" && function != "main.parkRead") {
      EXPECT_THAT(holders, testing::IsEmpty()) << function;
      continue;
    }
    waiting.insert(function);
    EXPECT_THAT(holders, testing::ElementsAre(1U)) << function;
  }
  EXPECT_THAT(waiting, testing::SizeIs(2));
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

TEST(GoProcess, AProgramThatIsNotGoIsRefusedByName) {
  TestProgram child{{"/bin/cat"}};
  child.send("runs");
  ASSERT_EQ(child.read_line(), "runs");  // and is no longer this program's copy
  const auto root = ProcRoot::open("/proc");
  const auto process = GoProcess::attach(root->open_process(child.pid()).value());
  ASSERT_FALSE(process);
  EXPECT_EQ(process.error().code, ErrorCode::unsupported_go_version) << process.error();
}

}  // namespace
}  // namespace proctor
