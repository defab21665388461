#pragma once

#include <optional>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "collectors/observation/memory_snapshot.h"
#include "collectors/os/memory_map.h"
#include "collectors/os/memory_reader.h"

namespace proctor {

/// Where the main arena may stand: the writable data of glibc, or of a static program.
std::vector<AddressRange> malloc_data(const std::vector<MemoryMapping>& mappings);

/// The main arena (malloc_state of glibc 2.27 and later, amd64), recognised by its lists, most of which are empty and
/// then lead to themselves. Nothing where there is none, as before the first allocation.
std::optional<RemoteAddress> find_main_arena(const MemoryReader& memory, const std::vector<AddressRange>& data);

/// Errors: layout_mismatch where the arenas do not hold together, and those of the reader.
Result<MallocState> read_malloc(const MemoryReader& memory, RemoteAddress main_arena);

}  // namespace proctor
