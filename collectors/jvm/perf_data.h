#pragma once

#include <cstddef>
#include <span>

#include "base/result.h"
#include "collectors/observation/jvm_snapshot.h"

namespace proctor {

/// Reads the counters that a HotSpot JVM keeps in a file that it has mapped, /tmp/hsperfdata_USER/PID: what jstat
/// reads. Errors: malformed, not_supported for another version of the form or one that is not ready yet.
Result<JvmSnapshot> parse_perf_data(std::span<const std::byte> bytes);

}  // namespace proctor
