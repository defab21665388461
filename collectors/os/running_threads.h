#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "collectors/os/perf_ring.h"
#include "collectors/os/proc_root.h"

namespace proctor {

/// A thread as the kernel copied it in the midst of its work.
struct ThreadCopy {
  Tid tid{};
  CpuRegisters registers;
  std::vector<std::byte> stack;  // from the stack pointer upwards, at most PerfRing::kStackBytes
};

/// Copies of those of `threads` that run within the next moment, at most kMostCopied of them: the kernel takes each at
/// a tick of its own processor time. No thread is stopped or sees a signal. Errors: permission_denied, not_supported,
/// limit_reached.
Result<std::vector<ThreadCopy>> copy_running_threads(const ProcDir& process, std::span<const Tid> threads);

constexpr std::size_t kMostCopied = 64;

}  // namespace proctor
