#include "collectors/os/process_memory.h"

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <optional>
#include <vector>

#include "collectors/os/proc_root.h"

namespace proctor {
namespace {

/// Four pages of this process, the third not readable.
class ProcessMemoryTest : public testing::Test {
 protected:
  static constexpr std::size_t kPage = 4096;

  void SetUp() override {
    pages_ =
        static_cast<std::byte*>(::mmap(nullptr, 4 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    ASSERT_NE(static_cast<void*>(pages_), MAP_FAILED);
    std::memset(pages_, 0x5a, 4 * kPage);
    ASSERT_EQ(::mprotect(pages_ + 2 * kPage, kPage, PROT_NONE), 0);
    auto root = ProcRoot::open("/proc");
    auto memory = ProcessMemory::open(root->open_process(Pid{::getpid()}).value());
    ASSERT_TRUE(memory) << memory.error();
    memory_.emplace(*std::move(memory));
  }
  void TearDown() override { ::munmap(pages_, 4 * kPage); }

  RemoteAddress page(std::size_t index) const {
    return RemoteAddress{reinterpret_cast<std::uint64_t>(pages_ + index * kPage)};
  }

  std::byte* pages_ = nullptr;
  std::optional<ProcessMemory> memory_;
};

TEST_F(ProcessMemoryTest, ReadsWhatIsThere) {
  EXPECT_EQ(memory_->read_value<std::uint32_t>(page(0)).value(), 0x5a5a5a5aU);
  EXPECT_EQ(memory_->read_text(page(1), 3).value(), "ZZZ");
}

TEST_F(ProcessMemoryTest, AHoleIsAShortReadAndNeverZeros) {
  std::array<std::byte, 3 * kPage> buffer{};
  const auto read = memory_->read(page(0), buffer);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::short_read);
  EXPECT_EQ(memory_->read_value<char>(page(2)).error().code, ErrorCode::short_read);
}

TEST_F(ProcessMemoryTest, APieceThatFailsLeavesTheOthersWhole) {
  std::vector<std::array<std::byte, 64>> buffers(3000);
  std::vector<ReadRequest> requests;
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    requests.push_back({.from = i % 3 == 1 ? page(2) : page(i % 2 == 0 ? 0 : 3), .into = buffers[i]});
  }
  const auto read = memory_->read_many(requests);
  ASSERT_TRUE(read) << read.error();
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    EXPECT_EQ(requests[i].complete, i % 3 != 1) << i;
    EXPECT_EQ(buffers[i][63], i % 3 == 1 ? std::byte{0} : std::byte{0x5a}) << i;
  }
}

TEST_F(ProcessMemoryTest, APieceAcrossAHoleIsIncomplete) {
  std::array<std::byte, kPage> across{};
  std::array<std::byte, 8> after{};
  std::array<ReadRequest, 2> requests{ReadRequest{.from = page(1) + 2048, .into = across},
                                      ReadRequest{.from = page(3), .into = after}};
  ASSERT_TRUE(memory_->read_many(requests));
  EXPECT_FALSE(requests[0].complete);
  EXPECT_TRUE(requests[1].complete);
}

TEST(ProcessMemory, OfAnEndedProcessIsGoneAndNotReadThroughItsNumber) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  auto root = ProcRoot::open("/proc");
  const auto memory = ProcessMemory::open(root->open_process(Pid{child}).value());
  ASSERT_TRUE(memory) << memory.error();
  static int value = 7;
  const RemoteAddress address{reinterpret_cast<std::uint64_t>(&value)};
  EXPECT_EQ(memory->read_value<int>(address).value(), 7);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(memory->read_value<int>(address).error().code, ErrorCode::target_gone);
}

TEST(ProcessMemory, OfAZombieIsRefusedByName) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  siginfo_t ended{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT), 0);
  auto root = ProcRoot::open("/proc");
  const auto memory = ProcessMemory::open(root->open_process(Pid{child}).value());
  ASSERT_FALSE(memory);
  EXPECT_EQ(memory.error().code, ErrorCode::zombie);
  ::waitpid(child, nullptr, 0);
}

/// Makes the system call fail with EPERM in this process, as container runtimes do.
bool refuse_process_vm_readv() {
  std::array<sock_filter, 4> program{sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                                     sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_process_vm_readv, 0, 1),
                                     sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
                                     sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

TEST(ProcessMemory, IsReadThroughItsFileWhereAFilterRefusesTheCall) {
  static std::array<char, 8> text{'r', 'e', 'a', 'd', 'a', 'b', 'l', 'e'};
  const pid_t target = ::fork();
  if (target == 0) {
    ::pause();
    ::_exit(0);
  }
  const pid_t reader = ::fork();
  if (reader == 0) {
    if (!refuse_process_vm_readv()) ::_exit(2);
    auto root = ProcRoot::open("/proc");
    const auto memory = ProcessMemory::open(root->open_process(Pid{target}).value());
    const auto read = memory ? memory->read_text(RemoteAddress{reinterpret_cast<std::uint64_t>(text.data())}, 8)
                             : Result<std::string>{tl::unexpected(memory.error())};
    ::_exit(read && *read == "readable" ? 0 : 1);
  }
  int status = 0;
  ::waitpid(reader, &status, 0);
  ::kill(target, SIGKILL);
  ::waitpid(target, nullptr, 0);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace proctor
