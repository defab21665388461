#pragma once

#include <string_view>
#include <vector>

#include "collectors/os/memory_map.h"

namespace proctor {

/// The allocator that takes the place of the C library's, by the library that is mapped: "jemalloc", "tcmalloc", ...
/// Empty where there is none; one that is linked into the program is not seen.
std::string_view other_allocator(const std::vector<MemoryMapping>& mappings);

}  // namespace proctor
