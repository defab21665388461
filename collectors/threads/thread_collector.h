#pragma once

#include <memory>

#include "collectors/observation/observation.h"

namespace proctor {

/// Every thread: its state, its name and, where it sleeps, what for. A thread that has not run since the last look is
/// not read again.
std::unique_ptr<Collector> make_thread_collector();

}  // namespace proctor
