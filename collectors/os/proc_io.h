#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"
#include "base/units.h"
#include "collectors/os/proc_root.h"

namespace proctor {

/// What a process moved to and from storage since it began: /proc/PID/io, read_bytes and write_bytes.
struct ProcIo {
  std::optional<Bytes> read;
  std::optional<Bytes> written;
};

ProcIo parse_proc_io(std::string_view text);
/// permission_denied without the right to trace the process.
Result<ProcIo> read_proc_io(const ProcDir& process);

}  // namespace proctor
