#include "collectors/memory/allocators.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace proctor {
namespace {

/// How the files of their libraries begin.
constexpr auto kLibraries = std::to_array<std::pair<std::string_view, std::string_view>>(
    {{"libjemalloc.so", "jemalloc"},
     {"libtcmalloc.so", "tcmalloc"},
     {"libtcmalloc_", "tcmalloc"},  // minimal, debug, and both
     {"libmimalloc.so", "mimalloc"},
     {"libmimalloc-", "mimalloc"},
     {"libsnmalloc", "snmalloc"},
     {"ld-musl-", "musl"}});

}  // namespace

std::string_view other_allocator(const std::vector<MemoryMapping>& mappings) {
  for (const MemoryMapping& mapping : mappings) {
    const std::string_view name = std::string_view{mapping.path}.substr(mapping.path.rfind('/') + 1);
    const auto known =
        std::ranges::find_if(kLibraries, [&](const auto& entry) { return name.starts_with(entry.first); });
    if (known != kLibraries.end()) return known->second;
  }
  return {};
}

}  // namespace proctor
