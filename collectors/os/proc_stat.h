#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/units.h"
#include "collectors/os/proc_root.h"

namespace proctor {

/// /proc/PID/stat or /proc/PID/task/TID/stat, in our units.
struct ProcStat {
  std::int32_t id = 0;  // tgid or tid
  std::string comm;     // any bytes, at most 15
  char state = '?';     // R S D Z T t X I
  Pid parent{};
  std::uint32_t kernel_flags = 0;
  std::uint64_t minor_faults = 0;
  std::uint64_t major_faults = 0;
  Nanoseconds user{};
  Nanoseconds system{};
  Nanoseconds children_user{};  // of children that have ended and were waited for, and of theirs
  Nanoseconds children_system{};
  std::uint64_t threads = 0;
  StartTime start_time{};
  Bytes virtual_size{};
  Bytes resident{};

  /// Whether all of the process has ended: of one whose first thread alone has, the others are counted.
  bool is_zombie() const { return state == 'Z' && threads <= 1; }
  bool is_kernel_thread() const { return (kernel_flags & 0x00200000U) != 0; }  // PF_KTHREAD
};

/// The comm may hold spaces, parentheses and newlines: fields are counted from the last ')'.
Result<ProcStat> parse_proc_stat(std::string_view text);
Result<ProcStat> read_proc_stat(const ProcDir& process);
Result<ProcStat> read_thread_stat(const ProcDir& process, Tid tid);

}  // namespace proctor
