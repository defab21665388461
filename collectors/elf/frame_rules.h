#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/address.h"
#include "collectors/elf/elf_file.h"

namespace proctor {

/// How many of the registers rbx and r12 to r15 the code at an address has saved in its frame, by .eh_frame (amd64).
/// Nothing where that says nothing of the address.
std::optional<std::size_t> saved_registers(const ElfFile& file, LinkAddress address);

/// An entry of the sorted table that .eh_frame_hdr holds: relative to the section's own address.
struct FrameTableEntry {
  std::int32_t begin = 0;  // of the code
  std::int32_t entry = 0;  // its description
};

/// The same table for a file without that section, made from .eh_frame, relative to that. Empty where there is none.
std::vector<FrameTableEntry> frame_table(const ElfFile& file);

}  // namespace proctor
