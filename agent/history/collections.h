#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "agent/history/series.h"

namespace proctor {

/// What the last collections of a managed heap left in use, in bytes, each at the time at which it ended.
class Collections {
 public:
  static constexpr std::size_t kMost = 8;

  /// `cycles`: how many collections there were so far.
  void add(std::uint64_t cycles, MonotonicTime ended, double left) {
    if (cycles == cycles_) return;
    cycles_ = cycles;
    if (points_.size() == kMost) points_.erase(points_.begin());
    points_.push_back({.at = ended, .value = left});
  }
  /// Oldest first.
  std::span<const Point> points() const { return points_; }

 private:
  std::uint64_t cycles_ = 0;
  std::vector<Point> points_;
};

}  // namespace proctor
