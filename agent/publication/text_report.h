#pragma once

#include <string>

#include "agent/publication/publication.h"

namespace proctor {

/// One target for people: findings first, then every population grouped by site with its count, reason, oldest age
/// and stack. Lines fit 80 columns where their names do. With `members` a site lists its goids, tids or descriptors.
std::string text_of(const TargetReport& report, bool members = false);

}  // namespace proctor
