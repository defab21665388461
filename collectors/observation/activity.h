#pragma once

#include <memory>

#include "collectors/observation/observation.h"

namespace proctor {

/// Whether no thread of the target has run since the look that `before` is of. Then nothing has changed that only the
/// target itself changes: its goroutines, its descriptors, its counters.
bool nothing_ran(const Part<ThreadSnapshot>& now, const std::shared_ptr<const ThreadSnapshot>& before);

/// The snapshot of a part; null where it was not asked for or failed.
template <typename Snapshot>
std::shared_ptr<const Snapshot> shared_snapshot(const Part<Snapshot>& part) {
  return part && part->has_value() ? part->value() : nullptr;
}

}  // namespace proctor
