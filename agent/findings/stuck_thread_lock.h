#pragma once

#include <vector>

#include "agent/findings/finding.h"
#include "agent/findings/leak_detector.h"
#include "agent/history/thread_lock_watch.h"
#include "collectors/observation/fd_snapshot.h"
#include "collectors/observation/lock_snapshot.h"
#include "collectors/observation/thread_snapshot.h"
#include "config/config.h"

namespace proctor {

/// Native locks that nobody got for half a window, with who holds them and what that thread waits for. The site is
/// where the holder stands. Locks in a cycle have a finding of their own. `fds` may be null.
std::vector<Finding> detect_stuck_thread_locks(const LockSnapshot& locks, const ThreadSnapshot& threads,
                                               const FdSnapshot* fds, const ThreadLockWatch& watch,
                                               const FindingsConfig& config, const Instant& instant);

}  // namespace proctor
