#pragma once

#include <memory>

#include "collectors/observation/observation.h"

namespace proctor {

/// The counters that a HotSpot JVM keeps of itself. Nothing is attached to it.
std::unique_ptr<Collector> make_jvm_collector();

}  // namespace proctor
