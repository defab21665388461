#include "agent/history/series.h"

#include <algorithm>

namespace proctor {

void Series::add(MonotonicTime at, double value) {
  const Nanoseconds slot = window_ / static_cast<std::int64_t>(kPoints);
  if (!points_.empty() && at - points_.back().at < slot) {
    points_.back().value = std::min(points_.back().value, value);
    return;
  }
  std::erase_if(points_, [&](const Point& point) { return point.at < at - window_; });
  points_.push_back({at, value});
}

Nanoseconds Series::covered() const {
  return points_.empty() ? Nanoseconds{0} : Nanoseconds{points_.back().at - points_.front().at};
}

std::optional<double> slope_per_second(std::span<const Point> points) {
  if (points.size() < 3) return std::nullopt;
  std::vector<double> slopes;
  slopes.reserve(points.size() * (points.size() - 1) / 2);
  for (std::size_t i = 0; i < points.size(); ++i) {
    for (std::size_t j = i + 1; j < points.size(); ++j) {
      const double apart = seconds(points[j].at - points[i].at);
      if (apart > 0) slopes.push_back((points[j].value - points[i].value) / apart);
    }
  }
  if (slopes.empty()) return std::nullopt;
  const auto middle = slopes.begin() + static_cast<std::ptrdiff_t>(slopes.size() / 2);
  std::nth_element(slopes.begin(), middle, slopes.end());
  return *middle;
}

}  // namespace proctor
