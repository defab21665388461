#pragma once

#include <vector>

#include "agent/findings/finding.h"
#include "collectors/observation/goroutine_snapshot.h"

namespace proctor {

/// Goroutines that nothing can wake: they wait on a nil channel, or in a select without cases. One look proves it. The
/// main goroutine is left out, since programs park it so on purpose.
std::vector<Finding> detect_blocked_forever(const GoroutineSnapshot& goroutines, WallTime now,
                                            MonotonicTime sampled_at);

}  // namespace proctor
