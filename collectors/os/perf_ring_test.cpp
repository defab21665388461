#include "collectors/os/perf_ring.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <vector>

#include "collectors/os/fault_sampler.h"
#include "collectors/os/memory_map.h"
#include "collectors/os/page_map.h"
#include "collectors/os/proc_stat.h"
#include "collectors/os/running_threads.h"
#include "tests/support/forked_child.h"

namespace proctor {
namespace {

constexpr std::size_t kPage = 4096;

ProcDir open(const ForkedChild& child) { return ProcRoot::open("/proc")->open_process(child.pid()).value(); }

Tid main_thread(const ForkedChild& child) { return Tid{number(child.pid())}; }

void await_state(const ProcDir& process, char state) {
  while (read_proc_stat(process)->state != state) {
  }
}

[[noreturn]] void spin() {
  for (std::atomic<unsigned> turns{0};;) turns.fetch_add(1);
}

/// Fresh memory of no file, each page of which was written to.
void* touched(std::size_t pages) {
  void* const memory = ::mmap(nullptr, pages * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ::madvise(memory, pages * kPage, MADV_NOHUGEPAGE);
  for (std::size_t i = 0; i < pages; ++i) static_cast<char*>(memory)[i * kPage] = 1;
  return memory;
}

TEST(RunningThreads, AreCopiedWithRegistersAndStackWhileTheyRun) {
  const ForkedChild child{[](const ForkedChild::Ready& ready) {
    ready();
    spin();
  }};
  const auto copies = copy_running_threads(open(child), std::vector{main_thread(child)});
  if (!copies && copies.error().code == ErrorCode::permission_denied)
    GTEST_SKIP() << "Skipped: no perf_event_open: " << copies.error();
  ASSERT_TRUE(copies) << copies.error();
  ASSERT_EQ(copies->size(), 1U);
  const ThreadCopy& copy = copies->front();
  EXPECT_EQ(copy.tid, main_thread(child));
  EXPECT_GT(copy.stack.size(), 64U);
  // It is a copy of this program, so that its code stands at the same addresses: it is in the loop, on its stack.
  Dl_info where{};
  ASSERT_NE(::dladdr(reinterpret_cast<void*>(number(copy.registers.program_counter())), &where), 0);
  const auto mappings = read_memory_map(open(child)).value();
  const auto stack = std::ranges::find(mappings, "[stack]", &MemoryMapping::path);
  ASSERT_NE(stack, mappings.end());
  EXPECT_TRUE(stack->range.contains(copy.registers.stack_pointer()));
}

TEST(RunningThreads, OneThatSleepsIsNotWaitedForLongAndGivesNothing) {
  const ForkedChild child{[](const ForkedChild::Ready& ready) {
    ready();
    while (true) ::pause();
  }};
  await_state(open(child), 'S');
  const auto copies = copy_running_threads(open(child), std::vector{main_thread(child)});
  if (!copies && copies.error().code == ErrorCode::permission_denied)
    GTEST_SKIP() << "Skipped: no perf_event_open: " << copies.error();
  ASSERT_TRUE(copies) << copies.error();
  EXPECT_TRUE(copies->empty());
}

TEST(FaultSampler, SeesWhatIsTouchedFirstAndHowMuch) {
  constexpr std::size_t kPages = 800;  // of one in seventeen, all samples find room
  auto* const where =
      static_cast<std::uint64_t*>(::mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  const ForkedChild child{[where](const ForkedChild::Ready& ready) {
    ready();
    ::raise(SIGSTOP);
    *where = reinterpret_cast<std::uint64_t>(touched(kPages));
    ready();
    while (true) ::pause();
  }};
  const ProcDir process = open(child);
  auto sampler = FaultSampler::attach(process);
  if (!sampler && sampler.error().code == ErrorCode::permission_denied)
    GTEST_SKIP() << "Skipped: no perf_event_open: " << sampler.error();
  ASSERT_TRUE(sampler) << sampler.error();
  // Before it goes on, lest a fault comes before the events do.
  await_state(process, 'T');
  const std::uint64_t before = read_proc_stat(process)->minor_faults;
  ::kill(number(child.pid()), SIGCONT);
  child.await_ready();
  const auto faults = sampler->take(process);
  ASSERT_TRUE(faults) << faults.error();
  const AddressRange region{RemoteAddress{*where}, RemoteAddress{*where} + kPages * kPage};
  double sum = 0;
  double of_region = 0;
  std::vector<RemoteAddress> addresses;
  for (const PageFault& fault : *faults) {
    sum += fault.faults;
    EXPECT_EQ(fault.thread.tid, main_thread(child));
    if (!region.contains(fault.address)) continue;
    of_region += fault.faults;
    addresses.push_back(fault.address);
  }
  EXPECT_NEAR(sum, static_cast<double>(read_proc_stat(process)->minor_faults - before), kPages / 10.0);
  EXPECT_NEAR(of_region, kPages, kPages / 5.0);
  // One in so many, all along.
  std::ranges::sort(addresses);
  ASSERT_FALSE(addresses.empty());
  EXPECT_LT(addresses.size(), kPages / 10);
  EXPECT_LT(addresses.front() - region.begin, kPages / 10 * kPage);
  EXPECT_LT(region.end - addresses.back(), kPages / 10 * kPage);
  const auto page_map = PageMap::open(process);
  ASSERT_TRUE(page_map) << page_map.error();
  const auto held = page_map->holds_anonymous(addresses);
  ASSERT_TRUE(held) << held.error();
  EXPECT_EQ(std::ranges::count(*held, true), std::ssize(addresses));
  EXPECT_EQ(page_map->page_size_at(addresses.back()), Bytes{kPage});
  ::munmap(where, kPage);
}

TEST(PageMap, WhatWasGivenBackIsNotHeld) {
  const auto self = ProcRoot::open("/proc")->open_process(Pid{::getpid()}).value();
  const auto page_map = PageMap::open(self);
  ASSERT_TRUE(page_map) << page_map.error();
  void* const memory = touched(3);
  const auto address = RemoteAddress{reinterpret_cast<std::uint64_t>(memory)};
  ::madvise(static_cast<char*>(memory) + kPage, kPage, MADV_DONTNEED);
  const std::vector<RemoteAddress> pages{address, address + kPage, address + 2 * kPage};
  EXPECT_EQ(page_map->holds_anonymous(pages).value(), (std::vector<bool>{true, false, true}));
  ::munmap(memory, 3 * kPage);
  EXPECT_EQ(page_map->holds_anonymous(pages).value(), (std::vector<bool>{false, false, false}));
  EXPECT_EQ(page_map->holds_anonymous({}).value(), std::vector<bool>{});
}

}  // namespace
}  // namespace proctor
