#pragma once

#include <memory>

#include "collectors/observation/observation.h"

namespace proctor {

/// What a process has used: processor time, faults, context switches (from the thread part of the same look), storage.
std::unique_ptr<Collector> make_cpu_collector();

}  // namespace proctor
