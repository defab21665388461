#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/units.h"

namespace proctor {

enum class LockKind : std::uint8_t { mutex, priority_mutex, robust_mutex, rwlock };

std::string_view to_string(LockKind kind);

/// A thread that waits for a lock whose owner the lock itself names.
struct LockWait {
  Tid waiter{};
  RemoteAddress address{};  // of the word that it waits on
  LockKind kind{};
  std::optional<Tid> owner;  // absent where the owner is no thread of the process: it will never unlock
  bool timed = false;        // the wait ends by itself
};

/// The lock waits of one process that stood from before the read to after it: none of these threads ran meanwhile.
struct LockSnapshot {
  std::vector<LockWait> waits;           // ascending by waiter
  std::vector<std::vector<Tid>> cycles;  // each thread waits for the next, the last for the first: proven deadlocks
};

}  // namespace proctor
