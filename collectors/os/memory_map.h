#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "base/units.h"
#include "collectors/os/proc_root.h"

namespace proctor {

/// One line of /proc/PID/maps.
struct MemoryMapping {
  AddressRange range;
  bool readable = false;
  bool writable = false;
  bool executable = false;
  bool shared = false;
  FileOffset offset{};
  std::uint64_t device = 0;
  Inode inode{};
  std::string path;      // empty: anonymous; "[heap]", "[stack]", "[vdso]" as the kernel says
  bool deleted = false;  // the kernel's suffix " (deleted)" was there; it is not part of `path`
};

Result<std::vector<MemoryMapping>> parse_memory_map(std::string_view text);
/// Ascending by address. maps is longer than one atomic read: overlapping entries are read again, then torn_read.
Result<std::vector<MemoryMapping>> read_memory_map(const ProcDir& process);

}  // namespace proctor
