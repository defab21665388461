#include "agent/findings/memory_leak.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "agent/findings/leak_text.h"

namespace proctor {
namespace {

constexpr double kMebibyte = 1024.0 * 1024.0;
constexpr double kLeastGrowth = 8 * kMebibyte;
constexpr double kLeastShare = 0.05;  // of what is held
constexpr double kCovered = 0.8;      // of the window
constexpr double kLeastPart = 0.3;    // of the growth, for a stack to be named
constexpr double kSteady = 0.75;      // growth that slows down more than this levels off

double floor_of(std::span<const Point> points) { return std::ranges::min(points, {}, &Point::value).value; }

}  // namespace

std::optional<Finding> detect_memory_leak(const Series& held, const FindingsConfig& config, const Instant& instant) {
  std::span<const Point> points = held.points();
  // What a process takes while it warms up says nothing.
  while (!points.empty() && points.front().at < instant.process_start + config.warm_up) points = points.subspan(1);
  if (points.size() < 12) return std::nullopt;
  const Nanoseconds covered = points.back().at - points.front().at;
  if (seconds(covered) < kCovered * seconds(config.window)) return std::nullopt;
  const std::size_t third = points.size() / 3;
  const std::array<double, 3> floors{floor_of(points.first(third)), floor_of(points.subspan(third, third)),
                                     floor_of(points.subspan(2 * third))};
  const double first_step = floors[1] - floors[0];
  const double last_step = floors[2] - floors[1];
  if (first_step <= 0 || last_step < kSteady * first_step) return std::nullopt;
  const auto slope = slope_per_second(points);
  const double growth = slope.value_or(0) * seconds(covered);
  if (growth < kLeastGrowth || growth < kLeastShare * points.back().value) return std::nullopt;

  Finding finding{.kind = FindingKind::memory_leak, .certainty = Certainty::suspected, .site = nullptr};
  finding.since = instant.wall - std::chrono::duration_cast<WallTime::duration>(instant.now - points.front().at);
  finding.per_second = *slope;
  finding.members = static_cast<std::uint64_t>(growth);
  finding.says = fmt::format("Memory in use grew by {:.1f} MiB in {:.0f} s, {:.2f} MiB per minute, and none came back.",
                             growth / kMebibyte, seconds(covered), *slope * 60 / kMebibyte);
  finding.advice = "compare two heap profiles, or look which population of this process grows along";
  return finding;
}

void name_allocation(Finding& finding, const std::optional<AllocationGrowth>& growth) {
  if (!growth || growth->per_second < kLeastPart * finding.per_second) return;
  finding.site = growth->site;
  finding.says += fmt::format(" {:.0f} % of it is allocated at {}, which holds {:.1f} MiB.",
                              100 * std::min(1.0, growth->per_second / finding.per_second), place_of(*growth->site),
                              static_cast<double>(count(growth->live)) / kMebibyte);
  finding.advice = "find what still refers to what is allocated there: a map, a cache or a list that nobody empties";
}

std::optional<double> seconds_left(const Series& used, double limit, const FindingsConfig& config) {
  if (used.points().empty() || used.covered() < config.window / 2) return std::nullopt;
  const double left = limit - used.points().back().value;
  const auto slope = slope_per_second(used.points());
  if (!slope || *slope <= 0 || left < 0) return std::nullopt;
  return left / *slope;
}

}  // namespace proctor
