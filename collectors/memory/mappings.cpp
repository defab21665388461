#include "collectors/memory/mappings.h"

#include <algorithm>
#include <bit>
#include <map>
#include <string>

#include "base/text.h"

namespace proctor {
namespace {

constexpr std::size_t kMaxListed = 20'000;

/// "anonymous, up to 64 MiB"
std::string anonymous_class(std::uint64_t bytes) {
  std::uint64_t size = std::bit_ceil(std::max<std::uint64_t>(bytes, 4096)) / 1024;
  const char* unit = "KiB";
  for (const char* larger : {"MiB", "GiB", "TiB"}) {
    if (size < 1024) break;
    size /= 1024;
    unit = larger;
  }
  return "anonymous, up to " + std::to_string(size) + " " + unit;
}

std::string class_of(const MemoryMapping& mapping) {
  if (mapping.path.empty()) return anonymous_class(mapping.range.size());
  return fold_numbers(to_valid_utf8(mapping.path)) + (mapping.deleted ? " (deleted)" : "");
}

}  // namespace

std::shared_ptr<const MappingSnapshot> classify(const std::vector<MemoryMapping>& mappings, SiteInterner& interner) {
  auto snapshot = std::make_shared<MappingSnapshot>();
  std::map<std::string, std::uint32_t> classes;
  for (std::size_t i = 0; i < std::min(mappings.size(), kMaxListed); ++i) {
    const MemoryMapping& mapping = mappings[i];
    const auto next = static_cast<std::uint32_t>(snapshot->sites.size());
    const auto [place, is_new] = classes.try_emplace(class_of(mapping), next);
    if (is_new) {
      snapshot->sites.push_back(interner.intern({.user = {.file = place->first}}));
    }
    snapshot->mappings.push_back({number(mapping.range.begin), mapping.range.size(), place->second});
  }
  return snapshot;
}

}  // namespace proctor
