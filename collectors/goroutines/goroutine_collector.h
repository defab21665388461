#pragma once

#include <memory>

#include "collectors/observation/observation.h"

namespace proctor {

/// Every goroutine of a Go process, read from its memory while it runs on. It never stops a target.
std::unique_ptr<Collector> make_goroutine_collector();

}  // namespace proctor
