#include "collectors/sites/site.h"

#include <fmt/format.h>

#include "base/hash.h"

namespace proctor {
namespace {

void add_frame(StableHash& hash, const Frame& frame) {
  hash.add(frame.function);
  hash.add(std::uint64_t{frame.line});
}

}  // namespace

std::string to_string(SiteId id) {
  return id == kOtherSite ? "other" : fmt::format("{:012x}", static_cast<std::uint64_t>(id));
}

void identify(Site& site) {
  StableHash hash;
  for (const Frame& frame : site.frames) add_frame(hash, frame);
  hash.add(site.state);
  hash.add(site.reason);
  if (!site.name.empty()) hash.add(site.name);
  hash.add(site.user.function);
  hash.add(site.user.file);
  add_frame(hash, site.created_by);
  std::uint64_t id = (hash.value() ^ (hash.value() >> 48)) & 0xffffffffffffULL;
  if (id == static_cast<std::uint64_t>(kOtherSite)) id = 1;
  site.id = SiteId{id};
}

}  // namespace proctor
