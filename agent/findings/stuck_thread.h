#pragma once

#include <vector>

#include "agent/findings/finding.h"
#include "agent/findings/leak_detector.h"
#include "agent/ledger/population.h"
#include "collectors/observation/thread_snapshot.h"
#include "config/config.h"

namespace proctor {

/// Threads that the kernel has kept in uninterruptible sleep for half a window: nothing ends that but what they wait
/// for. Those of a frozen cgroup, and a parent that waits for its vfork, are none. `threads` is that population;
/// `snapshot`, which may be null, tells in which functions of the kernel they are.
std::vector<Finding> detect_stuck_threads(const PopulationView& threads, const ThreadSnapshot* snapshot,
                                          const FindingsConfig& config, const Instant& instant);

}  // namespace proctor
