#pragma once

#include <optional>

#include "agent/findings/finding.h"
#include "agent/findings/leak_detector.h"
#include "agent/history/allocation_history.h"
#include "agent/history/series.h"
#include "config/config.h"

namespace proctor {

/// Whether memory that cannot be taken back only grows: over most of the window, its floor in each third above that of
/// the third before, the last step not much smaller than the first, and by an amount that counts. `held` is resident
/// anonymous memory, without what the kernel may take back, in bytes.
std::optional<Finding> detect_memory_leak(const Series& held, const FindingsConfig& config, const Instant& instant);

/// Makes the stack whose live bytes grow along the subject of a memory leak, where it is a good part of the growth.
void name_allocation(Finding& finding, const std::optional<AllocationGrowth>& growth);

/// Seconds until `limit` is reached at the robust pace of the window. Absent where it does not grow, or where the
/// window is not half covered yet.
std::optional<double> seconds_left(const Series& used, double limit, const FindingsConfig& config);

}  // namespace proctor
