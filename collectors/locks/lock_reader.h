#pragma once

#include <span>

#include "base/result.h"
#include "collectors/observation/lock_snapshot.h"
#include "collectors/os/memory_reader.h"
#include "collectors/os/proc_root.h"

namespace proctor {

/// What the threads `sleepers` of a process wait for, and the cycles among them. Nothing is stopped: a wait counts
/// where its thread did not run, and its lock did not change, from before the first read to after the last, so that all
/// that is told held at one moment. `threads` are all of the process. Errors: permission_denied, target_gone.
Result<LockSnapshot> read_locks(const ProcDir& process, const MemoryReader& memory, std::span<const Tid> sleepers,
                                std::span<const Tid> threads);

}  // namespace proctor
