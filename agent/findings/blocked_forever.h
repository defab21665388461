#pragma once

#include <vector>

#include "agent/findings/finding.h"
#include "collectors/observation/unreachable_snapshot.h"

namespace proctor {

/// Goroutines that nothing can wake. Those that wait on a nil channel, or in a select without cases: one look proves
/// it. And those that wait for what nothing refers to that can still run; suspected, since pointers may have been moved
/// while they were followed. The main goroutine is left out, since programs park it so on purpose. `unreachable` may be
/// null.
std::vector<Finding> detect_blocked_forever(const GoroutineSnapshot& goroutines, const UnreachableSnapshot* unreachable,
                                            WallTime now, MonotonicTime sampled_at);

}  // namespace proctor
