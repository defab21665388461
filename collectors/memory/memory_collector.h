#pragma once

#include <filesystem>
#include <memory>

#include "base/clock.h"
#include "collectors/observation/observation.h"

namespace proctor {

/// Resident memory and its parts, swap, limits and mappings. The proportional set, for which the kernel walks page
/// tables under the target's lock, only of processes up to 1 GiB, and every five minutes at most.
std::unique_ptr<Collector> make_memory_collector(const std::filesystem::path& procfs, const Clock& clock);

}  // namespace proctor
