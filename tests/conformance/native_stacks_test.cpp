// Compares the stacks of blocked threads, read without stopping them, with those of eu-stack, which stops each: of a
// program that waits in every way, built in every way, and of programs that nobody here built.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "collectors/os/memory_map.h"
#include "collectors/os/process_memory.h"
#include "collectors/os/thread_files.h"
#include "collectors/unwind/code_files.h"
#include "collectors/unwind/unwinder.h"
#include "tests/support/child_process.h"

namespace proctor {
namespace {

namespace fs = std::filesystem;

using Addresses = std::vector<std::uint64_t>;  // innermost first
struct Seen {
  Addresses addresses;
  StackEnd end = StackEnd::complete;
};

/// As eu-stack tells them, by thread.
std::map<std::int32_t, Addresses> stopped_stacks(Pid pid) {
  std::map<std::int32_t, Addresses> stacks;
  const std::string command = "eu-stack -n 0 -p " + std::to_string(number(pid)) + " 2>/dev/null";
  const std::unique_ptr<FILE, int (*)(FILE*)> output{::popen(command.c_str(), "r"), ::pclose};
  std::array<char, 4096> line{};
  Addresses* current = nullptr;
  while (std::fgets(line.data(), line.size(), output.get()) != nullptr) {
    int tid = 0;
    unsigned frame = 0;
    unsigned long address = 0;
    if (std::sscanf(line.data(), "TID %d:", &tid) == 1) {
      current = &stacks[tid];
    } else if (current != nullptr && std::sscanf(line.data(), "#%u %lx", &frame, &address) == 2) {
      current->push_back(address);
    }
  }
  return stacks;
}

/// As read without a stop; of threads that sleep in a system call.
std::map<std::int32_t, Seen> blocked_stacks(Pid pid) {
  const auto root = ProcRoot::open("/proc");
  const ProcDir process = root->open_process(pid).value();
  const ProcessMemory memory = ProcessMemory::open(process).value();
  const auto mappings = read_memory_map(process).value();
  CodeFiles files;
  const auto code = files.loaded_in(process, mappings, memory);
  Unwinder unwinder;
  unwinder.begin(code);
  std::map<std::int32_t, Seen> stacks;
  const auto tids = process.list_numbers("task").value();
  for (const std::int32_t tid : tids) {
    const auto call = read_system_call(process, Tid{tid});
    if (!call || !*call) continue;
    const RemoteAddress sp{(*call)->stack_pointer};
    const auto stack_of = [&](const MemoryMapping& mapping) { return mapping.range.contains(sp); };
    const auto mapping = std::ranges::find_if(mappings, stack_of);
    if (mapping == mappings.end()) continue;
    StackBytes bytes{memory, sp, mapping->range.end};
    const NativeStack stack = unwinder.unwind(bytes, RemoteAddress{(*call)->program_counter}, sp);
    Seen& seen = stacks[tid];
    seen.end = stack.end;
    for (const NativeStack::Place& place : stack.places) {
      seen.addresses.push_back(number(loaded(place.address, place.code->bias)));
    }
  }
  return stacks;
}

struct Score {
  std::size_t threads = 0, complete = 0;
  std::size_t frames = 0, all_frames = 0;
  std::map<StackEnd, std::size_t> ends;
};

/// Every frame must be the one of the stopped thread at its place; how many there are is counted.
Score compare(Pid pid) {
  Score score;
  const auto seen = blocked_stacks(pid);
  const auto truth = stopped_stacks(pid);
  const auto again = blocked_stacks(pid);
  for (const auto& [tid, stack] : seen) {
    const auto expected = truth.find(tid);
    const auto after = again.find(tid);
    // A thread that woke up meanwhile stands elsewhere.
    if (expected == truth.end() || after == again.end() || after->second.addresses != stack.addresses) continue;
    ++score.threads;
    score.all_frames += expected->second.size();
    ++score.ends[stack.end];
    if (stack.end == StackEnd::complete) ++score.complete;
    for (std::size_t i = 0; i < stack.addresses.size(); ++i) {
      if (i >= expected->second.size()) {
        ADD_FAILURE() << "thread " << tid << " has a frame more: " << std::hex << stack.addresses[i];
        break;
      }
      // One is the address of the call, the other what it returns to.
      const std::uint64_t back = expected->second[i] - stack.addresses[i];
      EXPECT_LE(back, 1U) << "thread " << tid << " frame " << i << std::hex << ": " << stack.addresses[i] << " is not "
                          << expected->second[i];
      if (back > 1) break;
      ++score.frames;
    }
  }
  return score;
}

void print(const std::string& name, const Score& score) {
  std::printf("         %s: %zu of %zu frames, %zu of %zu threads to their beginning\n", name.c_str(), score.frames,
              score.all_frames, score.complete, score.threads);
}

std::vector<std::string> binaries() {
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator(STACK_BINARIES)) {
    if (entry.path().filename().string().starts_with("stacks-")) found.push_back(entry.path());
  }
  std::ranges::sort(found);
  return found;
}

class NativeStacks : public testing::TestWithParam<std::string> {};

TEST_P(NativeStacks, EveryFrameIsThatOfTheStoppedThread) {
  TestProgram child{{GetParam()}};
  ASSERT_EQ(child.read_line(), "ready");
  Score score;
  // The threads come to rest after the line.
  for (int attempt = 0; attempt < 100 && score.threads < 21; ++attempt) score = compare(child.pid());
  print(fs::path{GetParam()}.filename(), score);
  EXPECT_EQ(score.threads, 21U);
  // Two end at a function that moves its stack pointer as it goes and was called through a pointer.
  EXPECT_GE(score.complete, 19U);
}

INSTANTIATE_TEST_SUITE_P(Builds, NativeStacks, testing::ValuesIn(binaries()), [](const auto& instance) {
  std::string name = fs::path{instance.param}.filename();
  std::ranges::replace_if(
      name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
});

}  // namespace
}  // namespace proctor

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  // With a number: only the comparison of that process, whatever it is.
  if (argc == 2 && std::atoi(argv[1]) > 0) {
    const auto score = proctor::compare(proctor::Pid{std::atoi(argv[1])});
    proctor::print(argv[1], score);
    for (const auto& [end, threads] : score.ends)
      std::printf("         %d: %zu threads\n", static_cast<int>(end), threads);
    return testing::UnitTest::GetInstance()->ad_hoc_test_result().Failed() ? 1 : 0;
  }
  return RUN_ALL_TESTS();
}
