#pragma once

#include <vector>

#include "agent/findings/finding.h"
#include "collectors/observation/goroutine_snapshot.h"

namespace proctor {

/// Goroutines that still wait although the deadline of the context that they hold has passed, for each site where some
/// are some seconds late. Contexts that were cancelled in time are none.
std::vector<Finding> detect_context_overdue(const GoroutineSnapshot& goroutines, WallTime now);

/// Whether a goroutine waits past the deadline of its context, be it by a moment.
bool is_overdue(const GoroutineSample& goroutine, WallTime now);

/// How many goroutines of the process wait past their context's deadline.
std::uint64_t count_overdue(const GoroutineSnapshot& goroutines, WallTime now);

}  // namespace proctor
