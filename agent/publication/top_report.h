#pragma once

#include <cstddef>
#include <string>

#include "agent/publication/publication.h"

namespace proctor {

/// One target on a screen: its totals, what was found, and `rows` sites, first those that have gained most members
/// since the first look, then the largest. Lines are cut at `columns`.
std::string top_of(const TargetReport& report, std::size_t rows, std::size_t columns = 80);

}  // namespace proctor
