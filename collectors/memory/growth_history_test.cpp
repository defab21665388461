#include "collectors/memory/growth_history.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <string>

#include "collectors/unwind/native_stacks.h"
#include "tests/support/forked_child.h"

namespace proctor {
namespace {

constexpr std::size_t kBytes = std::size_t{32} << 20;

[[gnu::noinline]] void* take_memory() {
  void* const memory = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (std::size_t i = 0; i < kBytes; i += 4096) static_cast<volatile char*>(memory)[i] = 1;
  return memory;
}

/// A child that takes memory at the first step, gives it back at the second, and so on.
void take_and_give(const ForkedChild::Ready& ready) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  ready();
  int signal = 0;
  while (true) {
    sigwait(&set, &signal);
    void* const memory = take_memory();
    ready();
    sigwait(&set, &signal);
    ::munmap(memory, kBytes);
    ready();
  }
}

const GrowthSnapshot::Place* place_named(const GrowthSnapshot& snapshot, const std::string& function) {
  const auto named = [&](const GrowthSnapshot::Place& place) {
    return place.site->user.function.find(function) != std::string::npos;
  };
  const auto place = std::ranges::find_if(snapshot.places, named);
  return place == snapshot.places.end() ? nullptr : &*place;
}

TEST(GrowthHistory, NamesWhoTookTheMemoryUntilItIsGivenBack) {
  const ForkedChild child{take_and_give};
  const ProcDir process = ProcRoot::open("/proc")->open_process(child.pid()).value();
  SiteInterner sites;
  NativeStacks stacks;
  GrowthHistory history{sites,
                        [&](const ProcDir& of, std::span<const ThreadCopy> copies) { return stacks.name(of, copies); }};
  const auto look = [&] { return history.look(process, MonotonicTime::clock::now()); };
  const auto before = look();
  if (!before && before.error().code == ErrorCode::permission_denied)
    GTEST_SKIP() << "Skipped: no perf_event_open: " << before.error();
  ASSERT_TRUE(before) << before.error();
  ::kill(number(child.pid()), SIGUSR1);
  child.await_ready();
  const auto taken = look().value();
  const auto* place = place_named(*taken, "take_memory");
  ASSERT_NE(place, nullptr);
  // Huge pages, where the kernel gives them, are few.
  EXPECT_NEAR(place->held, kBytes, kBytes * 0.6);
  EXPECT_EQ(look().value(), taken) << "nothing has changed";
  ::kill(number(child.pid()), SIGUSR1);
  child.await_ready();
  const auto given = look().value();
  place = place_named(*given, "take_memory");
  ASSERT_NE(place, nullptr);
  // The function also made a sanitizer touch its own memory, an eighth of that, which stays.
  EXPECT_LT(place->held, kBytes / 5);
  EXPECT_GT(place->taken, kBytes / 4);
}

TEST(GrowthHistory, AProcessThatHasEndedIsNamedAsSuch) {
  ForkedChild child{take_and_give};
  const ProcDir process = ProcRoot::open("/proc")->open_process(child.pid()).value();
  child.kill_and_reap();
  SiteInterner sites;
  NativeStacks stacks;
  GrowthHistory history{sites,
                        [&](const ProcDir& of, std::span<const ThreadCopy> copies) { return stacks.name(of, copies); }};
  const auto look = history.look(process, MonotonicTime::clock::now());
  ASSERT_FALSE(look);
  EXPECT_EQ(look.error().code, ErrorCode::target_gone) << look.error();
}

}  // namespace
}  // namespace proctor
