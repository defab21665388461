#pragma once

#include <vector>

#include "collectors/go/frame_cache.h"

namespace proctor {

/// A call stack of one of the runtime's own profiles, by physical frame, innermost first, as in GoroutineStack.
struct ProfiledStack {
  std::vector<FrameCache::Frames> calls;
};

}  // namespace proctor
