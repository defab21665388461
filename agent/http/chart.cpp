#include "agent/http/chart.h"

#include <fmt/format.h>

#include <algorithm>

#include "agent/publication/human.h"

namespace proctor {
namespace {

constexpr double kWidth = 240;
constexpr double kHeight = 48;

std::string shown(std::string_view figure, double value) {
  if (figure.ends_with("_bytes")) return human_bytes(Bytes{static_cast<std::uint64_t>(std::max(value, 0.0))});
  return fmt::format("{:.0f}", value);
}

}  // namespace

std::string chart_of(std::string_view figure, const Track& track, WallTime now) {
  const auto& points = track.points();
  if (points.empty()) return {};
  const double top = std::max(std::ranges::max(points, {}, &Track::Point::value).value, 1.0);
  const auto elapsed = [&](WallTime at) { return std::chrono::duration<double>(at - points.front().at).count(); };
  const double span = std::max(elapsed(std::max(now, points.back().at)), 1.0);
  std::string line;
  double before = points.front().value;
  const auto add = [&](double x, double value) {
    line += fmt::format("{:.1f},{:.1f} ", x, kHeight - value / top * (kHeight - 2) - 1);
  };
  // A value holds until the next point.
  for (const Track::Point& point : points) {
    const double x = elapsed(point.at) / span * kWidth;
    add(x, before);
    add(x, point.value);
    before = point.value;
  }
  add(kWidth, before);
  const auto age = std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(span));
  const std::string range =
      fmt::format("{} now, {} at most, over {}", shown(figure, before), shown(figure, top), human_duration(age));
  return fmt::format(
      "<figure><figcaption>{0}: {1}</figcaption><svg viewBox=\"0 0 {2} {3}\" preserveAspectRatio=\"none\" role=\"img\" "
      "aria-label=\"{0}: {1}\"><polyline points=\"{4}\"/></svg></figure>\n",
      figure, range, kWidth, kHeight, line);
}

}  // namespace proctor
