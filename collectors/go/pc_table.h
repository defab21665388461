#pragma once

#include <cstdint>

#include "base/result.h"
#include "collectors/go/go_module.h"
#include "collectors/os/memory_reader.h"

namespace proctor {

/// Looks up a pc-value table of a pclntab: pairs of a zigzag varint value delta and a varint pc delta, from -1 and the
/// function's entry on. `offset` is its place in pctab, `pc_offset` the instruction's distance from the entry.
/// not_found past the end of the table, malformed for one that does not end.
Result<std::int32_t> value_in_pc_table(const MemoryReader& image, const GoModule::Table& pctab, std::uint64_t offset,
                                       std::uint64_t pc_offset);

}  // namespace proctor
