#pragma once

#include <vector>

#include "agent/findings/finding.h"
#include "collectors/observation/goroutine_snapshot.h"

namespace proctor {

/// The runtime's goroutine of finalizers or cleanups, where a function that it was given to run has blocked it for some
/// time: then no other finalizer runs, and what they would free stays. For how long is known once a collection has seen
/// it.
std::vector<Finding> detect_stuck_finalizer(const GoroutineSnapshot& goroutines, WallTime now,
                                            MonotonicTime sampled_at);

}  // namespace proctor
