#pragma once

#include <vector>

#include "agent/findings/finding.h"
#include "collectors/observation/goroutine_snapshot.h"

namespace proctor {

/// Goroutines that still wait although the context that they hold was cancelled, for each site where one has for some
/// time. A site where one is past a deadline is told of as such instead.
std::vector<Finding> detect_context_cancelled(const GoroutineSnapshot& goroutines, WallTime now);

}  // namespace proctor
