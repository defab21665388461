#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"

namespace proctor {

/// The registers of a thread at one instant, by their DWARF numbers: rax, rdx, rcx, rbx, rsi, rdi, rbp, rsp, r8 to r15,
/// rip (amd64).
struct CpuRegisters {
  static constexpr std::size_t kStackPointer = 7;
  static constexpr std::size_t kProgramCounter = 16;
  std::array<std::uint64_t, 17> values{};

  RemoteAddress stack_pointer() const { return RemoteAddress{values[kStackPointer]}; }
  RemoteAddress program_counter() const { return RemoteAddress{values[kProgramCounter]}; }
};

/// What the kernel copied of a thread when an event came, while that thread was running.
struct PerfSample {
  Pid pid{};
  Tid tid{};
  RemoteAddress address{};  // that a page fault was about
  CpuRegisters registers;
  std::span<const std::byte> stack;  // from the stack pointer upwards; valid during the visit
};

/// Events of threads that the kernel samples by itself, with the thread's registers and the upper end of its stack: it
/// is not stopped, nor does it see a signal. The samples of one processor stand in one ring until they are read; those
/// that find no room are lost.
class PerfRing {
 public:
  /// Bytes of the stack in each sample.
  static constexpr std::uint32_t kStackBytes = 16 * 1024;

  struct Event {
    std::uint32_t type = 0;    // PERF_TYPE_*
    std::uint64_t config = 0;  // PERF_COUNT_*
    std::uint64_t period = 1;  // events from one sample to the next
    bool inherited = false;    // also by threads that the thread will begin
    bool once = false;         // ends with the first sample
  };

  /// For a thread on one processor; -1 for any. `data_bytes` is a power of two of at least one page.
  /// Errors: permission_denied (perf_event_paranoid, a filter), target_gone, not_supported, limit_reached.
  static Result<PerfRing> open(const Event& event, Tid thread, int processor, std::size_t data_bytes);
  PerfRing(PerfRing&&) noexcept;
  PerfRing& operator=(PerfRing&&) noexcept;
  ~PerfRing();

  /// Another thread, whose samples go to the same ring: of the same processor.
  Result<void> add(const Event& event, Tid thread, int processor);

  /// Calls `visit` for each sample since the last time, and forgets them.
  void drain(const std::function<void(const PerfSample&)>& visit);
  /// All events since it was opened, sampled or not.
  std::uint64_t count() const;

  /// Readable once there is a sample.
  int fd() const { return first_.get(); }

 private:
  struct Mapped;
  PerfRing(UniqueFd first, std::unique_ptr<Mapped> mapped);

  UniqueFd first_;
  std::vector<UniqueFd> others_;
  std::unique_ptr<Mapped> mapped_;
};

}  // namespace proctor
