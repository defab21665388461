#pragma once

#include <vector>

#include "agent/findings/finding.h"
#include "collectors/observation/lock_snapshot.h"
#include "collectors/observation/thread_snapshot.h"

namespace proctor {

/// A finding for each lock cycle, and one for the threads that wait for a lock whose owner is no more. Both are proven
/// by one look: all that they rest on held at one moment, and nothing in it can change by itself. `threads` names them;
/// null where it was not read.
std::vector<Finding> detect_deadlocks(const LockSnapshot& locks, const ThreadSnapshot* threads, WallTime now);

}  // namespace proctor
