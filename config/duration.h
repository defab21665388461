#pragma once

#include <string_view>

#include "base/result.h"
#include "base/units.h"

namespace proctor {

/// A duration as people write it: `10s`, `500ms`, `1m30s`. Whole numbers, each with one of the units d h m s ms us ns,
/// from the longest unit to the shortest. Errors: invalid_argument, with what was expected.
Result<Nanoseconds> parse_duration(std::string_view text);

}  // namespace proctor
