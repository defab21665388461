#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "base/units.h"
#include "collectors/os/proc_root.h"

namespace proctor {

/// What we use of /proc/PID/status. A line that is missing or does not fit its type is absent.
struct ProcStatus {
  std::optional<std::uint32_t> real_uid;
  std::optional<Bytes> resident;   // VmRSS
  std::optional<Bytes> anonymous;  // RssAnon
  std::optional<Bytes> file;       // RssFile
  std::optional<Bytes> shared;     // RssShmem
  std::optional<Bytes> swap;       // VmSwap
  std::optional<Bytes> virtual_size;
  std::optional<Bytes> peak_resident;  // VmHWM
  std::optional<std::uint64_t> voluntary_switches;
  std::optional<std::uint64_t> involuntary_switches;
  std::optional<std::int32_t> namespace_pid;  // NSpid: its number in its own, innermost namespace
};

ProcStatus parse_proc_status(std::string_view text);
/// Of the process, or of one thread with "task/TID/status".
Result<ProcStatus> read_proc_status(const ProcDir& process, const char* name = "status");

}  // namespace proctor
