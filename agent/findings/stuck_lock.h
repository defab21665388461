#pragma once

#include <vector>

#include "agent/findings/finding.h"
#include "agent/findings/leak_detector.h"
#include "agent/history/lock_watch.h"
#include "collectors/observation/unreachable_snapshot.h"
#include "config/config.h"

namespace proctor {

/// Locks of a Go process that nobody gets any more. A mutex names no owner, so that it is suspected only: readers and a
/// writer of one RWMutex that wait for each other, which is how a goroutine that read-locks twice ends, are a deadlock;
/// so are goroutines that wait for each other as far as their stacks tell who refers to what they wait for, locks and
/// channels; any other lock is stuck_lock, with who may hold it. All once its queue has not moved for half of the
/// window. `unreachable` may be null.
std::vector<Finding> detect_stuck_locks(const GoroutineSnapshot& goroutines, const UnreachableSnapshot* unreachable,
                                        const LockWatch& watch, const FindingsConfig& config, const Instant& instant);

}  // namespace proctor
