#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/units.h"

namespace proctor {

/// once: of std::call_once and pthread_once; guard: of a variable with static storage.
enum class LockKind : std::uint8_t { mutex, priority_mutex, robust_mutex, rwlock, once, guard };

/// How the owner of a lock is known: named by the lock itself, inferred from where a thread stands; gone, as the lock
/// names no thread of the process and will never be unlocked.
enum class LockOwner : std::uint8_t { named, inferred, gone, unknown };

std::string_view to_string(LockKind kind);

/// A thread that waits for a lock.
struct LockWait {
  Tid waiter{};
  RemoteAddress address{};  // of the word that it waits on
  LockKind kind{};
  std::optional<Tid> owner;  // where it is named or inferred
  LockOwner known{};
  bool timed = false;  // the wait ends by itself
};

/// The lock waits of one process that stood from before the read to after it: none of these threads ran meanwhile.
struct LockSnapshot {
  std::vector<LockWait> waits;           // ascending by waiter
  std::vector<std::vector<Tid>> cycles;  // each thread waits for the next, the last for the first: proven deadlocks
};

}  // namespace proctor
