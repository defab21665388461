#pragma once

#include <cstdint>
#include <optional>

#include "base/units.h"

namespace proctor {

/// What one process has used since it began. Every figure only grows.
struct CpuSnapshot {
  Nanoseconds user{};
  Nanoseconds system{};
  Nanoseconds children_user{};  // of children that have ended and were waited for, and of theirs
  Nanoseconds children_system{};
  std::uint64_t minor_faults = 0;
  std::uint64_t major_faults = 0;
  std::optional<std::uint64_t> voluntary_switches;  // summed over living threads and those that ended
  std::optional<std::uint64_t> involuntary_switches;
  std::optional<Bytes> storage_read;  // /proc/PID/io
  std::optional<Bytes> storage_written;
};

}  // namespace proctor
