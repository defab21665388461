#pragma once

#include <cstdint>
#include <optional>

#include "base/units.h"

namespace proctor {

/// The agent's own process, of which it needs no target. What the system does not say is absent.
struct OwnProcess {
  Nanoseconds cpu{};
  std::optional<std::uint64_t> open_fds;
  std::optional<std::uint64_t> max_fds;  // absent where unlimited
  std::optional<Bytes> virtual_memory;
  std::optional<Bytes> resident_memory;
  std::optional<double> started_at;  // seconds since the epoch
};

/// Sources: getrusage, getrlimit, and self of procfs (fd, statm, stat and the boot time in the system's stat).
OwnProcess read_own_process();

}  // namespace proctor
