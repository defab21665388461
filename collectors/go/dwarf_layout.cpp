#include <algorithm>

#include "collectors/elf/dwarf_types.h"
#include "collectors/go/layout.h"

namespace proctor {
namespace {

/// Overwrites a member of a layout where the binary knows better.
template <typename Member>
void take(std::optional<std::uint32_t> known, Member& member) {
  if (known) member = *known;
}

}  // namespace

GoLayout with_dwarf(GoLayout layout, const DwarfTypes& types) {
#include "go_layout_dwarf.inc"
  return layout;
}

}  // namespace proctor
