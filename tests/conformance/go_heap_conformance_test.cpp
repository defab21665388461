// Compares the memory, the timers and the contexts of a real Go program, and who refers to what, with what it says of
// itself.

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "collectors/go/runtime_figures.h"
#include "collectors/go/user_code.h"
#include "collectors/goroutines/profile_stacks.h"
#include "collectors/goroutines/reachability.h"
#include "collectors/goroutines/timer_history.h"
#include "tests/conformance/go_conformance.h"

namespace proctor {
namespace {

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

TEST_P(GoConformance, HeapProfilesBeginWhereThoseOfTheRuntimeDo) {
  GoroutineHistory history = watch(*child_);
  child_->send("inlined 1000");
  std::vector<std::pair<RemoteAddress, std::string>> places;
  for (const std::string& line : child_->read_lines_until("end")) {
    const std::size_t space = line.find(' ');
    places.emplace_back(RemoteAddress{std::strtoull(line.c_str(), nullptr, 10)}, line.substr(space + 1));
  }
  ASSERT_GT(places.size(), 100U);
  ProfileStacks stacks{history.process().functions()};
  for (std::size_t i = 1; i < places.size(); ++i) {
    const auto& [returns_to, function] = places[i];
    const ProfiledStack& stack = *stacks.all()[stacks.index_of({returns_to, places[0].first + 1})];
    ASSERT_EQ(stack.calls.size(), 2U) << function;
    EXPECT_EQ(stack.shown_frame, is_runtime_function(function) ? 1U : 0U) << function;
    EXPECT_EQ(stack.shown_call, 0U);
    // What the call itself belongs to would tell otherwise.
    EXPECT_NE(is_runtime_function(stack.calls[0]->front().frame.function), is_runtime_function(function));
  }
}

TEST_P(GoConformance, DataRacesAreThoseThatTheDetectorHasReported) {
  const std::string log = testing::TempDir() + "race";
  ASSERT_EQ(::setenv("GORACE", ("log_path=" + log).c_str(), 1), 0);
  SetUp();
  ::unsetenv("GORACE");
  GoroutineHistory history = watch(*child_);
  const auto reports = [&] { return read_runtime_figures(history.process()).value().race_reports; };
  if (!GetParam().ends_with("-race")) {
    EXPECT_FALSE(reports());
    return;
  }
  EXPECT_EQ(reports(), 0U);
  child_->send("race 20");
  ASSERT_EQ(child_->read_line(), "raced");
  std::ifstream file{fmt::format("{}.{}", log, number(child_->pid()))};
  std::uint64_t told = 0;
  for (std::string line; std::getline(file, line);) told += line == "WARNING: DATA RACE" ? 1 : 0;
  EXPECT_GT(told, 0U);
  EXPECT_EQ(reports(), told);
  std::filesystem::remove(fmt::format("{}.{}", log, number(child_->pid())));
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

TEST_P(GoConformance, WhoHoldsACancelledContextIsKnown) {
  GoroutineHistory history = watch(*child_);
  child_->send("cancelled 30");
  ASSERT_EQ(child_->read_line(), "cancelled");
  const auto first = look_at_rest(history);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(members_by_function(*first).at("main.holdContext"), 90U);
  ASSERT_EQ(first->cancelled.size(), 45U);
  for (const CancelledWait& wait : first->cancelled) {
    EXPECT_EQ(first->sites[first->goroutines[wait.goroutine].site]->user.function, "main.holdContext");
  }
  // Since when is kept while others come and go.
  child_->send("park 3");
  ASSERT_EQ(child_->read_line(), "parked");
  const auto second = look_at_rest(history);
  ASSERT_NE(second, nullptr);
  ASSERT_EQ(second->cancelled.size(), 45U);
  const WallTime seen = std::ranges::max(first->cancelled, {}, &CancelledWait::seen_at).seen_at;
  EXPECT_LE(std::ranges::max(second->cancelled, {}, &CancelledWait::seen_at).seen_at, seen);
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

}  // namespace
}  // namespace proctor
