#include "collectors/memory/memory_collector.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "collectors/memory/mappings.h"
#include "tests/support/forked_child.h"

namespace proctor {
namespace {

Target target_of(const ForkedChild& child, bool zombie = false) {
  TargetDescription description{.identity = {.pid = child.pid()}, .zombie = zombie};
  return {std::move(description), ProcRoot::open("/proc")->open_process(child.pid()).value(),
          std::make_shared<const TargetRule>()};
}

class MemoryCollectorTest : public testing::Test {
 protected:
  Observation look(const Target& target) {
    Observation observation;
    collector_->observe(target, observation);
    return observation;
  }
  SystemClock clock_;
  std::unique_ptr<Collector> collector_ = make_memory_collector("/proc", clock_);
};

TEST_F(MemoryCollectorTest, CountsEveryOfThousandsOfMappings) {
  constexpr std::size_t kPages = 6000;
  const ForkedChild child{[](const ForkedChild::Ready& ready) {
    auto* pages =
        static_cast<char*>(::mmap(nullptr, kPages * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    for (std::size_t i = 0; i < kPages; i += 2) ::mprotect(pages + i * 4096, 4096, PROT_READ);
    ready();
    ::pause();
  }};
  const Target target = target_of(child);
  const Observation observation = look(target);
  ASSERT_TRUE(observation.memory && *observation.memory);
  const std::uint64_t count = (**observation.memory)->mapping_count.value();
  EXPECT_GE(count, kPages);
  EXPECT_EQ(count, read_memory_map(target.process())->size());
  EXPECT_GT((**observation.memory)->mapping_limit.value(), count);
  // Thousands of mappings are few classes.
  EXPECT_LT((**observation.mappings)->sites.size(), 100U);
}

TEST_F(MemoryCollectorTest, PartsOfResidentMemoryAddUp) {
  const ForkedChild child{[](const ForkedChild::Ready& ready) {
    constexpr std::size_t kSize = 32 << 20;
    auto* block = ::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    std::memset(block, 1, kSize);
    ready();
    ::pause();
  }};
  const Target target = target_of(child);
  const Observation observation = look(target);
  ASSERT_TRUE(observation.memory && *observation.memory);
  const MemorySnapshot& memory = ***observation.memory;
  EXPECT_GE(count(memory.anonymous.value()), 32U << 20);
  EXPECT_EQ(memory.resident, *memory.anonymous + *memory.file + *memory.shared);
  EXPECT_TRUE(memory.proportional);
  EXPECT_TRUE(memory.proportional_read_at);
  // The child touches its last pages on its way to rest; from then on nothing is read anew.
  auto before = **observation.memory;
  auto after = **look(target).memory;
  for (int i = 0; i < 10000 && before != after; ++i) before = std::exchange(after, **look(target).memory);
  EXPECT_EQ(before, after);
}

TEST_F(MemoryCollectorTest, AZombieHasNoMemoryAndThatIsItsReason) {
  ForkedChild child{[](const ForkedChild::Ready& ready) {
    ready();
    ::pause();
  }};
  child.kill();
  siginfo_t ended{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(number(child.pid())), &ended, WEXITED | WNOWAIT), 0);
  for (const bool told : {true, false}) {
    const Observation observation = look(target_of(child, told));
    ASSERT_TRUE(observation.memory);
    ASSERT_FALSE(*observation.memory);
    EXPECT_EQ(observation.memory->error().code, ErrorCode::zombie);
  }
}

TEST(Mappings, AreClassesOfFilesAndSizes) {
  SiteInterner sites;
  const auto mappings = parse_memory_map(
      "1000-2000 r-xp 0 8:1 9 /usr/lib/libx.so.1\n10000-90000 rw-p 0 0:0 0\n100000-180000 rw-p 0 0:0 0\n");
  ASSERT_TRUE(mappings) << mappings.error();
  PathClassesOfMany paths;
  const auto snapshot = classify(*mappings, paths, sites);
  ASSERT_EQ(snapshot->sites.size(), 2U);
  EXPECT_EQ(snapshot->sites[0]->user.file, "/usr/lib/libx.so.*");
  EXPECT_EQ(snapshot->sites[1]->user.file, "anonymous, up to 512 KiB");
  EXPECT_EQ(snapshot->mappings[2].site, 1U);
}

}  // namespace
}  // namespace proctor
