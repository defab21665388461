#pragma once

#include <memory>
#include <vector>

#include "collectors/observation/memory_snapshot.h"
#include "collectors/os/memory_map.h"
#include "collectors/sites/path_classes.h"
#include "collectors/sites/site_interner.h"

namespace proctor {

/// The mappings as classes: a file by its path with numbers folded, anonymous memory by its size to the next power of
/// two. At most 20,000 of them are listed.
std::shared_ptr<const MappingSnapshot> classify(const std::vector<MemoryMapping>& mappings, PathClassesOfMany& paths,
                                                SiteInterner& interner);

}  // namespace proctor
