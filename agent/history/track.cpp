#include "agent/history/track.h"

namespace proctor {

bool Track::add(WallTime at, double value) {
  if (!points_.empty() && points_.back().value == value) return false;
  if (points_.size() >= kPoints) {
    // The first and the last stay.
    std::size_t kept = 1;
    for (std::size_t i = 2; i + 1 < points_.size(); i += 2) points_[kept++] = points_[i];
    points_[kept++] = points_.back();
    points_.resize(kept);
  }
  points_.push_back({at, value});
  return true;
}

}  // namespace proctor
