#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace proctor {

/// `text` in the gzip format, packed fast rather than small. Errors: limit_reached where zlib lacks memory.
Result<std::string> gzip(std::string_view text);

}  // namespace proctor
