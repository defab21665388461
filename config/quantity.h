#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "base/units.h"

namespace proctor {

/// An amount of memory with its unit: `256MiB`, `1GiB`, `500kB`, `64B`. Errors: invalid_argument.
Result<Bytes> parse_size(std::string_view text);

/// A share with its unit: `2%` and `0.5%`, as 0.02 and 0.005. Errors: invalid_argument.
Result<double> parse_percentage(std::string_view text);

/// A whole number in decimal digits, without sign. Errors: invalid_argument.
Result<std::uint64_t> parse_count(std::string_view text);

}  // namespace proctor
