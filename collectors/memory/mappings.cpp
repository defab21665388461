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

std::shared_ptr<const MappingSnapshot> classify(const std::vector<MemoryMapping>& mappings, PathClassesOfMany& paths,
                                                SiteInterner& interner) {
  auto snapshot = std::make_shared<MappingSnapshot>();
  std::map<std::string, std::uint32_t> classes;
  const std::size_t listed = std::min(mappings.size(), kMaxListed);
  std::vector<std::map<std::string, std::uint32_t>::iterator> places;
  places.reserve(listed);
  for (std::size_t i = 0; i < listed; ++i) places.push_back(classes.try_emplace(class_of(mappings[i])).first);
  paths.expect(classes.size());
  std::map<SiteId, std::uint32_t> indices;
  for (auto& [name, index] : classes) {
    SiteRef site = interner.intern({.user = {.file = paths.class_of(name)}});
    const auto [place, is_new] = indices.try_emplace(site->id, static_cast<std::uint32_t>(snapshot->sites.size()));
    if (is_new) snapshot->sites.push_back(std::move(site));
    index = place->second;
  }
  for (std::size_t i = 0; i < listed; ++i) {
    snapshot->mappings.push_back({number(mappings[i].range.begin), mappings[i].range.size(), places[i]->second});
  }
  return snapshot;
}

}  // namespace proctor
