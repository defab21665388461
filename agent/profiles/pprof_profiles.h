#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "collectors/observation/observation.h"

namespace proctor {

/// The goroutines of a look in pprof's own format (gzipped profile.proto), as runtime/pprof of the target itself writes
/// them with debug=0. Errors: limit_reached, and that of the look where it has no goroutines.
Result<std::string> goroutine_pprof(const Observation& look);

/// Of these only the ones that can never go on, as the profile "goroutineleak" of Go 1.27. Errors likewise.
Result<std::string> goroutineleak_pprof(const Observation& look);

/// The sampled allocations of a look, as runtime/pprof writes its profiles "heap" and, with `default_value`
/// "alloc_space", "allocs". Errors likewise.
Result<std::string> heap_pprof(const Observation& look, std::string_view default_value = {});

/// Where goroutines waited ("block"), or held a lock that others waited for ("mutex"), as the program's own profiles of
/// these names, where it samples them. Errors likewise.
Result<std::string> contention_pprof(const Observation& look, std::string_view name);

/// The threads of any process in the same format: one sample per site, of its blocked reason below its name.
Result<std::string> thread_pprof(const Observation& look);

}  // namespace proctor
