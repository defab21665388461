#pragma once

#include <span>
#include <vector>

#include "collectors/observation/lock_snapshot.h"

namespace proctor {

/// The cycles among waits that do not end by themselves: each begins with its lowest thread.
std::vector<std::vector<Tid>> find_wait_cycles(std::span<const LockWait> waits);

}  // namespace proctor
