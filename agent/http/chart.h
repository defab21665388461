#pragma once

#include <string>
#include <string_view>

#include "agent/history/track.h"

namespace proctor {

/// A figure over time as inline SVG: from its first point up to `now`, from 0 to its highest value. With its range in
/// words for those who do not see it. Empty for a figure without points.
std::string chart_of(std::string_view figure, const Track& track, WallTime now);

}  // namespace proctor
