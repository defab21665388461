#pragma once

#include <span>
#include <vector>

#include "base/address.h"
#include "collectors/elf/elf_file.h"
#include "collectors/sites/site.h"

namespace proctor {

/// The frames that stand at each of some addresses of a file, inlined calls expanded, innermost first, demangled. Empty
/// where no symbol holds the address: the nearest one before it would be a wrong name. File and line are there where
/// the file, or the one of /usr/lib/debug with its build ID, has DWARF of at most 256 MiB.
std::vector<std::vector<Frame>> name_code(const ElfFile& file, std::span<const LinkAddress> addresses);

}  // namespace proctor
