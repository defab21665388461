#pragma once

#include <string>
#include <string_view>

#include "agent/publication/publication.h"
#include "base/result.h"

namespace proctor {

/// Fills `metrics` (text format 0.0.4) and `metrics_gzip` of a Publication from its other parts and from the agent's
/// own process. `metrics_gzip` stays empty where zlib refuses, and the plain text is served instead.
void expose(Publication& publication);

/// `text` in the gzip format. Errors: limit_reached where zlib lacks memory.
Result<std::string> gzip(std::string_view text);

}  // namespace proctor
