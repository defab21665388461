#pragma once

#include <vector>

#include "agent/findings/finding.h"

namespace proctor {

/// Links what one leak brings about to it: leaked goroutines or threads hold descriptors, sockets and memory, a leaked
/// socket is a descriptor too, and one operation may start goroutines at several places. Findings of one process whose
/// members arrived by the same steps get the most telling of them as their cause, so that a page speaks of that one.
/// What was a cause in `before`, the findings of the last look, stays one.
void link_causes(std::vector<Finding>& findings, const std::vector<Finding>& before = {});

}  // namespace proctor
