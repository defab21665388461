#include "collectors/memory/glibc_malloc.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <cstdlib>
#include <cstring>
#include <latch>
#include <thread>
#include <vector>

#include "collectors/os/process_memory.h"

namespace proctor {
namespace {

/// This process's own malloc, read from outside.
class GlibcMalloc : public testing::Test {
 protected:
  static Result<MallocState> look() {
    const auto root = ProcRoot::open("/proc");
    const ProcDir process = root->open_process(Pid{::getpid()}).value();
    const ProcessMemory memory = ProcessMemory::open(process).value();
    const auto mappings = read_memory_map(process).value();
    const auto arena = find_main_arena(memory, malloc_data(mappings));
    if (!arena) return fail(ErrorCode::not_found, "no arena");
    return read_malloc(memory, *arena);
  }
};

// Sanitizers have an allocator of their own.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

constexpr std::size_t kBlock = 1000;
constexpr double kMebibyte = 1024.0 * 1024.0;

double mebibytes(Bytes bytes) { return static_cast<double>(count(bytes)) / kMebibyte; }

TEST_F(GlibcMalloc, AgreesWithWhatMallocSaysOfItself) {
  std::vector<void*> blocks;
  for (int i = 0; i < 20'000; ++i) blocks.push_back(std::malloc(kBlock));
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (i % 100 != 0) std::free(blocks[i]);
  }
  const struct mallinfo2 own = ::mallinfo2();
  const auto seen = look();
  ASSERT_TRUE(seen) << seen.error();
  EXPECT_NEAR(mebibytes(seen->held), static_cast<double>(own.arena) / kMebibyte, 0.5);
  EXPECT_NEAR(mebibytes(seen->free), static_cast<double>(own.fordblks) / kMebibyte, 0.5);
  EXPECT_GT(mebibytes(seen->free), 15);
  for (std::size_t i = 0; i < blocks.size(); i += 100) std::free(blocks[i]);
}

TEST_F(GlibcMalloc, CountsTheArenasOfThreads) {
  constexpr int kThreads = 8;
  std::latch allocated{kThreads};
  std::latch done{1};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      std::vector<void*> blocks;
      for (int j = 0; j < 5'000; ++j) blocks.push_back(std::memset(std::malloc(kBlock), 1, kBlock));
      for (std::size_t j = 0; j < blocks.size(); ++j) {
        if (j % 100 != 0) std::free(blocks[j]);
      }
      allocated.count_down();
      done.wait();
      for (std::size_t j = 0; j < blocks.size(); j += 100) std::free(blocks[j]);
    });
  }
  allocated.wait();
  const auto seen = look();
  done.count_down();
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(seen) << seen.error();
  EXPECT_GT(seen->arenas, 4U);
  EXPECT_GT(mebibytes(seen->free), 30);
  EXPECT_LT(mebibytes(seen->held - seen->free), mebibytes(seen->held) / 4);
}

#endif

/// Memory that answers every read with the same byte.
class Garbage final : public MemoryReader {
 public:
  explicit Garbage(std::byte byte) : byte_(byte) {}
  Result<void> read(RemoteAddress, std::span<std::byte> into) const override {
    std::ranges::fill(into, byte_);
    return {};
  }
  Result<void> read_many(std::span<ReadRequest> requests) const override {
    for (ReadRequest& request : requests) request.complete = read(request.from, request.into).has_value();
    return {};
  }

 private:
  std::byte byte_;
};

TEST_F(GlibcMalloc, WhatIsNoArenaEndsWithAReason) {
  for (const int byte : {0x00, 0x01, 0x7f, 0xff}) {
    const Garbage memory{static_cast<std::byte>(byte)};
    EXPECT_FALSE(find_main_arena(memory, {{RemoteAddress{0x1000}, RemoteAddress{0x9000}}}));
    const auto state = read_malloc(memory, RemoteAddress{0x1000});
    if (byte == 0) {
      ASSERT_TRUE(state) << state.error();
      EXPECT_TRUE(state->partial);
    }
  }
}

}  // namespace
}  // namespace proctor
