#pragma once

#include <memory>

#include "base/clock.h"
#include "collectors/observation/observation.h"

namespace proctor {

/// Open descriptors by kind, and sockets by protocol and state as the target's own network namespace lists them.
std::unique_ptr<Collector> make_fd_collector(const Clock& clock);

}  // namespace proctor
