#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/units.h"
#include "collectors/os/proc_root.h"

namespace proctor {

/// What we use of /proc/PID/smaps_rollup, for which the kernel walks the page tables of the whole process.
struct SmapsRollup {
  std::optional<Bytes> proportional;  // Pss
  std::optional<Bytes> lazily_freed;  // LazyFree: the kernel takes it back when it needs it
};

SmapsRollup parse_smaps_rollup(std::string_view text);
Result<SmapsRollup> read_smaps_rollup(const ProcDir& process);

/// The text of /proc/PID/statm, the cheapest that changes with the memory of a process.
Result<std::string> read_statm(const ProcDir& process);

}  // namespace proctor
