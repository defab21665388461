#pragma once

#include <cstddef>

#include "agent/publication/publication.h"

namespace proctor {

/// Fills `metrics` (text format 0.0.4) and `metrics_gzip` of a Publication from its other parts and from the agent's
/// own process. `metrics_gzip` stays empty where zlib refuses, and the plain text is served instead. `expected_bytes`
/// is about how long the text will be: that of the last one, so that a long text need not grow.
void expose(Publication& publication, std::size_t expected_bytes = 0);

}  // namespace proctor
