#pragma once

#include <optional>

#include "agent/findings/crash_loop.h"
#include "collectors/observation/observation.h"

namespace proctor {

/// Of the resources with a limit that of which the least is left; nothing where no limit binds.
std::optional<LimitUse> nearest_limit(const Observation& look);

}  // namespace proctor
