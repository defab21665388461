#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/units.h"

namespace proctor {

/// One figure since the first look, for people who ask what happened when. It keeps a point where the value changed,
/// and at most kPoints: then every second one is dropped, so that the whole past stays, the older part coarser.
class Track {
 public:
  static constexpr std::size_t kPoints = 512;

  struct Point {
    WallTime at{};
    double value = 0;
  };

  /// Whether anything is kept anew: false for a value that is the last one's.
  bool add(WallTime at, double value);
  /// Oldest first. A value holds until the next point.
  const std::vector<Point>& points() const { return points_; }

 private:
  std::vector<Point> points_;
};

/// Tracks by figure: goroutines, threads, resident_bytes, ... Shared as a whole while no figure changes. A name is a
/// literal.
using History = std::vector<std::pair<std::string_view, std::shared_ptr<const Track>>>;

}  // namespace proctor
