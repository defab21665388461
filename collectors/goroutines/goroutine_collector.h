#pragma once

#include <memory>

#include "collectors/goroutines/reachability_watch.h"
#include "collectors/observation/observation.h"

namespace proctor {

/// Every goroutine of a Go process, read from its memory while it runs on. It never stops a target.
std::unique_ptr<Collector> make_goroutine_collector(ReachabilityChecks checks = ReachabilityChecks::paced);

}  // namespace proctor
