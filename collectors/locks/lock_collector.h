#pragma once

#include <memory>

#include "collectors/observation/observation.h"

namespace proctor {

/// Which thread waits for a lock that which other thread holds. It never stops a target.
std::unique_ptr<Collector> make_lock_collector();

}  // namespace proctor
