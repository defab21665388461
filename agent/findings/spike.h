#pragma once

#include <optional>

#include "agent/findings/finding.h"
#include "agent/findings/leak_detector.h"
#include "agent/ledger/population_ledger.h"
#include "config/config.h"

namespace proctor {

/// Whether a site holds far more goroutines than before the window, nearly all of which came within an eighth of it and
/// are still there: a burst. It is no leak, and the finding ends when they go, or when they have been there for a
/// window.
std::optional<Finding> detect_spike(const SiteGrowth& growth, const FindingsConfig& config, const Instant& instant);

}  // namespace proctor
