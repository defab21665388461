#include "collectors/observation/unreachable_snapshot.h"

#include <algorithm>

namespace proctor {

const UnreachableGoroutine* UnreachableSnapshot::find(const GoroutineSample& goroutine) const {
  if (goroutine.state != GoroutineState::waiting && goroutine.state != GoroutineState::leaked) return nullptr;
  const auto known = std::ranges::lower_bound(goroutines, goroutine.goid, {}, &UnreachableGoroutine::goid);
  const bool same =
      known != goroutines.end() && known->goid == goroutine.goid && known->wait_token == goroutine.wait_token;
  return same ? &*known : nullptr;
}

}  // namespace proctor
