#include "collectors/go/layout.h"

#include <algorithm>

namespace proctor {
namespace {

#include "go_layout_rows.inc"

}  // namespace

std::span<const GoLayout> all_layouts() { return kRows; }

Result<const GoLayout*> layout_of(const GoVersion& version) {
  const auto rows = all_layouts();
  const auto row = std::ranges::find_if(
      rows, [&](const GoLayout& candidate) { return candidate.from <= version && version < candidate.until; });
  if (row != rows.end()) return &*row;
  return fail(ErrorCode::unsupported_go_version, "go{}.{}.{} is outside the layout table, which has go{}.{} to go{}.{}",
              version.major, version.minor, version.patch, rows.front().from.major, rows.front().from.minor,
              rows.back().from.major, rows.back().from.minor);
}

}  // namespace proctor
