#pragma once

#include <filesystem>

#include "agent/sampling/look.h"

namespace proctor {

/// Every collector, in the order in which a look runs them. The only list of them.
Collectors make_collectors(const std::filesystem::path& procfs, const Clock& clock);

}  // namespace proctor
