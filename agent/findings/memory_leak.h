#pragma once

#include <optional>

#include "agent/findings/finding.h"
#include "agent/findings/leak_detector.h"
#include "agent/history/allocation_history.h"
#include "agent/history/collections.h"
#include "agent/history/series.h"
#include "config/config.h"

namespace proctor {

/// How many windows memory is judged over: caches fill and runtimes warm up for longer than goroutines pile up.
constexpr int kMemoryWindows = 2;

/// Whether memory that cannot be taken back only grows: over most of kMemoryWindows its floor rises from quarter to
/// quarter by even steps that do not get smaller, and by an amount that counts. So a runtime that warms up, a cache
/// that fills and a burst are none. Nor is what the process had before and gave back, as by day and by night. `held` is
/// resident anonymous memory in use, in bytes, over so many windows, `height_before` how much it had before them. A
/// finding that is `standing` already goes on by looser measures, lest it comes and goes.
std::optional<Finding> detect_memory_leak(const Series& held, std::optional<double> height_before,
                                          const FindingsConfig& config, const Instant& instant, bool standing);

/// The same of a heap that is collected too seldom for a floor, as one that grows fast: each of the last collections
/// left more than the one before by one pace, over as long, and `in_use`, which holds what is not collected yet, goes
/// on so.
std::optional<Finding> detect_heap_leak(const Collections& collections, double in_use, const FindingsConfig& config,
                                        const Instant& instant);

/// Makes the stack whose live bytes grow along the subject of a memory leak, where it is a good part of the growth.
void name_allocation(Finding& finding, const std::optional<AllocationGrowth>& growth);

/// Seconds until `limit` is reached at the robust pace of the window. Absent where it does not grow, or where the
/// window is not half covered yet.
std::optional<double> seconds_left(const Series& used, double limit, const FindingsConfig& config);

}  // namespace proctor
