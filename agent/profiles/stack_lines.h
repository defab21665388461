#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "collectors/go/frame_cache.h"

namespace proctor {

/// A stack by physical frame, innermost first.
using Calls = std::span<const FrameCache::Frames>;

/// " 0x46b0ee 0x46b0c5": where each call goes on, as texts of runtime/pprof list them.
std::string addresses_of(Calls calls);

enum class RuntimeFrames : std::uint8_t { shown, hidden_above };

/// A line for each call, and an empty one. The runtime's own on top may be hidden, unless there are no others.
void add_frames(std::string& out, Calls calls, RuntimeFrames runtime);

}  // namespace proctor
