#pragma once

#include <string>
#include <string_view>

#include "base/units.h"
#include "collectors/observation/goroutine_snapshot.h"

namespace proctor {

/// What runtime/pprof of the target itself writes for its goroutine profile with debug=1: stacks with their counts and
/// labels, most goroutines first. Goroutines of the runtime are left out, as there. `name` is the profile's.
std::string goroutine_profile_text(const GoroutineSnapshot& snapshot, std::string_view name = "goroutine");

/// What it writes with debug=2: a trace of each goroutine, with its state, its minutes of waiting and its creator. The
/// values of arguments are left out.
std::string goroutine_traces(const GoroutineSnapshot& snapshot, MonotonicTime now);

}  // namespace proctor
