#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "collectors/observation/observation.h"

namespace proctor {

/// What runtime/pprof of the target itself writes for its profiles heap and allocs with debug=1: stacks with their
/// counts, those that hold least first, and what is known of runtime.MemStats. Errors: that of the look where it has
/// none.
Result<std::string> heap_text(const Observation& look);

/// Likewise for its profiles block and mutex: the longest waits first. `name` is the profile's.
Result<std::string> contention_text(const Observation& look, std::string_view name);

}  // namespace proctor
