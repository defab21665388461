#pragma once

#include <optional>

#include "agent/findings/finding.h"
#include "collectors/go/runtime_figures.h"

namespace proctor {

/// Data races that the detector of a program built with -race has reported since it started.
std::optional<Finding> detect_data_race(const GoRuntimeFigures& figures, WallTime now);

}  // namespace proctor
