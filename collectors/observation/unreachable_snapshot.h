#pragma once

#include <cstdint>
#include <vector>

#include "base/address.h"
#include "base/units.h"
#include "collectors/observation/goroutine_snapshot.h"

namespace proctor {

/// A goroutine that waits for what nothing that can still run refers to.
struct UnreachableGoroutine {
  std::uint64_t goid = 0;
  std::uint8_t wait_token = 0;  // as GoroutineSample's: with another value it has moved since
  RemoteAddress object{};  // what it waits for, of a select the first; 0 for a nil channel and a select of no cases
  Bytes held{};            // heap that only goroutines like this one reach; what several share is the first one's

  /// Whether both are of one goroutine in one wait.
  bool same_wait(const UnreachableGoroutine& other) const {
    return goid == other.goid && wait_token == other.wait_token && object == other.object;
  }
};

/// A goroutine whose stack refers to what others wait for, while it does not wait for that itself.
struct WaitReference {
  RemoteAddress object{};  // as GoroutineSample's
  std::uint64_t goid = 0;
};

/// The goroutines of one process that can never go on, as two checks in a row found them.
struct UnreachableSnapshot {
  WallTime checked_at{};
  std::vector<WaitReference> references;         // by object; empty where nobody waits for a lock
  std::vector<UnreachableGoroutine> goroutines;  // ascending by goid

  /// That goroutine, where it is still in the wait in which it was found; else null.
  const UnreachableGoroutine* find(const GoroutineSample& goroutine) const;
};

}  // namespace proctor
