#pragma once

#include <memory>

#include "base/result.h"
#include "collectors/observation/observation.h"

namespace proctor {

/// The goroutines of a look that can never go on, as "leaked": what the goroutineleak profile of Go 1.27 is of. Errors:
/// those of the parts; not_found before the first two checks.
Result<std::shared_ptr<const GoroutineSnapshot>> unreachable_goroutines(const Observation& look);

}  // namespace proctor
