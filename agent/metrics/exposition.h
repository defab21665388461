#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "agent/publication/publication.h"
#include "base/result.h"

namespace proctor {

/// Fills `metrics` (text format 0.0.4) and `metrics_gzip` of a Publication from its other parts and from the agent's
/// own process. `metrics_gzip` stays empty where zlib refuses, and the plain text is served instead. `expected_bytes`
/// is about how long the text will be: that of the last one, so that a long text need not grow.
void expose(Publication& publication, std::size_t expected_bytes = 0);

/// `text` in the gzip format. Errors: limit_reached where zlib lacks memory.
Result<std::string> gzip(std::string_view text);

}  // namespace proctor
