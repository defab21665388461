#pragma once

#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "collectors/go/go_process.h"

namespace proctor {

/// Goroutines that wait for one semaphore of the runtime: a lock, or a group.
struct SemaphoreQueue {
  RemoteAddress semaphore{};           // a word of a sync.Mutex, RWMutex, WaitGroup, ...
  std::vector<RemoteAddress> waiters;  // each a runtime.g, in the order in which they came; the first ones
  std::vector<RemoteAddress> sudogs;   // of each
};

/// All that wait for semaphores, of each queue at most `most`, from the runtime's own table. It changes while it is
/// read: what does not hold together is left out. Errors: no_go_symbols, limit_reached, layout_mismatch.
Result<std::vector<SemaphoreQueue>> read_semaphores(const GoProcess& process, std::size_t most);

}  // namespace proctor
