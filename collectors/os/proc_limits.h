#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "collectors/os/proc_root.h"

namespace proctor {

/// Soft limits of a process. Absent where unlimited.
struct ProcLimits {
  std::optional<std::uint64_t> open_files;
  std::optional<std::uint64_t> address_space;  // bytes
  std::optional<std::uint64_t> threads;        // of the user, which does not bind root
};

/// /proc/PID/limits.
ProcLimits parse_proc_limits(std::string_view text);
Result<ProcLimits> read_proc_limits(const ProcDir& process);

}  // namespace proctor
