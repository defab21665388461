#pragma once

#include <utility>

#include "base/unique_fd.h"
#include "base/units.h"
#include "collectors/os/memory_reader.h"

namespace proctor {

class ProcDir;

/// A live process's memory: process_vm_readv, and /proc/PID/mem where that call is refused by a filter.
/// Never writes, never stops. Holds the open mem file, so that a reused number or an exec is noticed.
class ProcessMemory final : public MemoryReader {
 public:
  /// Errors: permission_denied, kernel_thread, zombie, target_gone.
  static Result<ProcessMemory> open(const ProcDir& process);

  Result<void> read(RemoteAddress from, std::span<std::byte> into) const override;
  Result<void> read_many(std::span<ReadRequest> requests) const override;

 private:
  ProcessMemory(Pid pid, UniqueFd mem, bool vm_readv) : pid_(pid), mem_(std::move(mem)), vm_readv_(vm_readv) {}
  Result<void> check_still_there() const;

  Pid pid_;
  UniqueFd mem_;
  bool vm_readv_;
};

}  // namespace proctor
