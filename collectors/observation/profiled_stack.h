#pragma once

#include <cstddef>
#include <vector>

#include "collectors/go/frame_cache.h"

namespace proctor {

/// A call stack of one of the runtime's own profiles, by physical frame, innermost first, as in GoroutineStack.
struct ProfiledStack {
  std::vector<FrameCache::Frames> calls;
  /// Where runtime/pprof begins a heap profile's stack: the physical frame, and which of its calls. What stands before
  /// is the runtime's and tells nothing of who allocates.
  std::size_t shown_frame = 0;
  std::size_t shown_call = 0;
};

}  // namespace proctor
