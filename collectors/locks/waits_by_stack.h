#pragma once

#include <vector>

#include "collectors/observation/lock_snapshot.h"
#include "collectors/observation/thread_snapshot.h"

namespace proctor {

/// Waits for locks that do not name their owner, by the functions that the threads stand in: a rwlock that readers
/// hold, and what one thread initialises while others need it, by std::call_once or pthread_once, or as a variable of
/// static storage. Who initialises is told by its stack, where that is one thread. Of threads that have no stack,
/// nothing. Ascending by waiter.
std::vector<LockWait> find_waits_by_stack(const ThreadSnapshot& threads);

}  // namespace proctor
