#pragma once

#include <optional>

#include "agent/findings/finding.h"
#include "agent/findings/leak_detector.h"
#include "agent/history/series.h"
#include "collectors/observation/memory_snapshot.h"
#include "config/config.h"

namespace proctor {

/// Whether malloc has kept for half of the window more than half of what it has from the kernel, and a lot, without
/// use: resident memory that no code holds. `free` is what it had free, in bytes, over the window.
std::optional<Finding> detect_fragmentation(const MemorySnapshot& memory, const Series& free,
                                            const FindingsConfig& config, const Instant& instant);

}  // namespace proctor
