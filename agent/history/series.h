#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "base/units.h"

namespace proctor {

/// A value at an instant.
struct Point {
  MonotonicTime at{};
  double value = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(at, value);
  }
};

/// The recent past of one figure: at most kPoints points over `window`, evenly spread, whatever the pace of looks.
class Series {
 public:
  static constexpr std::size_t kPoints = 32;

  explicit Series(Nanoseconds window) : window_(window) {}

  /// Points of one slot of window / kPoints are one point, with the lowest value: the floor tells what is kept.
  void add(MonotonicTime at, double value);
  /// Oldest first.
  std::span<const Point> points() const { return points_; }
  /// From the oldest point to the newest.
  Nanoseconds covered() const;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(window_, points_);
  }

 private:
  Nanoseconds window_;
  std::vector<Point> points_;
};

/// The Theil-Sen slope, per second: the median of the slopes of all pairs, which a few spikes do not move. Absent for
/// fewer than three points.
std::optional<double> slope_per_second(std::span<const Point> points);

}  // namespace proctor
