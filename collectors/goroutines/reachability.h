#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "collectors/go/context_types.h"
#include "collectors/go/go_process.h"
#include "collectors/goroutines/live_contexts.h"
#include "collectors/observation/unreachable_snapshot.h"

namespace proctor {

/// What follows from who refers to what in a live Go heap.
struct Reachability {
  std::vector<UnreachableGoroutine> unreachable;  // ascending by number
  std::vector<LiveContext> contexts;              // at most a million
  /// To locks and channels that goroutines wait for; by object. Only where somebody waits for a lock.
  std::vector<WaitReference> references;
};

/// Follows all references of a live Go program. Unreachable are the goroutines that wait for channels, locks, groups or
/// conditions to which nothing refers that can still run: neither a variable, nor a goroutine that waits for something
/// else, nor a timer or finalizer, nor what these reach. The rule is that of the runtime's goroutineleak profile, but
/// from outside, for every release, and without a collection. What can be a pointer counts as one, so it rather misses
/// one than names a wrong one; but a pointer that is moved meanwhile may be missed, so only what two checks in a row
/// say is so.
///
/// Reads at most `max_bytes` of heap. Errors: no_go_symbols where the heap is not found, limit_reached for a heap or a
/// count that would take too long, torn_read, and those of the reads.
Result<Reachability> follow_references(const GoProcess& process, const ContextTypes& types, std::uint64_t max_bytes);

}  // namespace proctor
