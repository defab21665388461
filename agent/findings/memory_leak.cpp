#include "agent/findings/memory_leak.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "agent/findings/leak_text.h"

namespace proctor {
namespace {

constexpr double kMebibyte = 1024.0 * 1024.0;
constexpr double kLeastGrowth = 16 * kMebibyte;
constexpr double kLeastShare = 0.05;  // of what is held
constexpr double kCovered = 0.8;      // of the windows
constexpr std::size_t kPart = 6;      // of the points
constexpr double kLeastPart = 0.3;    // of the growth, for a stack to be named
/// How even the steps of the floor must be.
struct Evenness {
  double least_step;  // of their mean
  double steady;      // of the first, for the last: what slows down more levels off
};
constexpr Evenness kStrict{.least_step = 0.7, .steady = 0.85};
constexpr Evenness kLoose{.least_step = 0.3, .steady = 0.6};

double floor_of(std::span<const Point> points) { return std::ranges::min(points, {}, &Point::value).value; }

bool rises_evenly(std::span<const Point> points, const Evenness& evenness) {
  constexpr std::size_t kParts = 4;
  const std::size_t size = points.size() / kParts;
  std::array<double, kParts> floors{};
  for (std::size_t i = 0; i < kParts; ++i) {
    floors[i] = floor_of(i + 1 < kParts ? points.subspan(i * size, size) : points.subspan(i * size));
  }
  const double mean = (floors.back() - floors.front()) / (kParts - 1);
  if (mean <= 0) return false;
  for (std::size_t i = 1; i < kParts; ++i) {
    if (floors[i] - floors[i - 1] < evenness.least_step * mean) return false;
  }
  return floors[3] - floors[2] >= evenness.steady * (floors[1] - floors[0]);
}

Finding leak_of(double growth, double per_second, MonotonicTime since, Nanoseconds span, const Instant& instant) {
  Finding finding{.kind = FindingKind::memory_leak, .certainty = Certainty::suspected, .site = nullptr};
  finding.since = instant.wall - std::chrono::duration_cast<WallTime::duration>(instant.now - since);
  finding.per_second = per_second;
  finding.members = static_cast<std::uint64_t>(growth);
  finding.says = fmt::format("Memory in use grew by {:.1f} MiB in {:.0f} s, {:.2f} MiB per minute, and none came back.",
                             growth / kMebibyte, seconds(span), per_second * 60 / kMebibyte);
  finding.advice =
      "look which population of this process grows along; of a program that does not sample its allocations itself, "
      "memory_growth: true in the configuration names the code that takes the memory";
  return finding;
}

}  // namespace

std::optional<Finding> detect_memory_leak(const Series& held, std::optional<double> height_before,
                                          const FindingsConfig& config, const Instant& instant, bool standing) {
  std::span<const Point> points = held.points();
  // What a process takes while it warms up says nothing.
  while (!points.empty() && points.front().at < instant.process_start + config.warm_up) points = points.subspan(1);
  if (points.size() < 12) return std::nullopt;
  const Nanoseconds covered = points.back().at - points.front().at;
  if (seconds(covered) < kCovered * kMemoryWindows * seconds(config.window)) return std::nullopt;
  const Evenness& evenness = standing ? kLoose : kStrict;
  if (!rises_evenly(points, evenness)) return std::nullopt;
  // Also without the end and without the beginning: what only wavers falls into steps by one division at most.
  const std::size_t most = points.size() - points.size() / kPart;
  if (!rises_evenly(points.first(most), kLoose) || !rises_evenly(points.last(most), kLoose)) return std::nullopt;
  const double floor = floor_of(points.last(points.size() / kPart));
  if (height_before && floor < (1 + kLeastShare) * *height_before) return std::nullopt;
  const auto slope = slope_per_second(points);
  const double growth = slope.value_or(0) * seconds(covered);
  if (growth < kLeastGrowth || growth < kLeastShare * points.back().value) return std::nullopt;

  return leak_of(growth, *slope, points.front().at, covered, instant);
}

std::optional<Finding> detect_heap_leak(const Collections& collections, double in_use, const FindingsConfig& config,
                                        const Instant& instant) {
  constexpr std::size_t kLeastCollections = 4;
  constexpr double kMostApart = 2;  // the pace between two of them, from that over all
  std::span<const Point> points = collections.points();
  while (!points.empty() && points.front().at < instant.process_start + config.warm_up) points = points.subspan(1);
  if (points.size() < kLeastCollections) return std::nullopt;
  points = points.last(kLeastCollections);
  const Nanoseconds covered = points.back().at - points.front().at;
  if (seconds(covered) < kCovered * kMemoryWindows * seconds(config.window)) return std::nullopt;
  const double growth = points.back().value - points.front().value;
  const double pace = growth / seconds(covered);
  if (growth < kLeastGrowth || growth < kLeastShare * points.back().value) return std::nullopt;
  for (std::size_t i = 1; i < points.size(); ++i) {
    const double each = (points[i].value - points[i - 1].value) / seconds(points[i].at - points[i - 1].at);
    if (each < pace / kMostApart || each > pace * kMostApart) return std::nullopt;
  }
  if (in_use - points.back().value < pace / kMostApart * seconds(instant.now - points.back().at)) return std::nullopt;
  return leak_of(growth, pace, points.front().at, covered, instant);
}

void name_allocation(Finding& finding, const std::optional<AllocationGrowth>& growth) {
  if (!growth || growth->per_second < kLeastPart * finding.per_second) return;
  finding.site = growth->site;
  finding.says += fmt::format(" {:.0f} % of it is {} at {}, which holds {:.1f} MiB.",
                              100 * std::min(1.0, growth->per_second / finding.per_second),
                              growth->site->reason == "page_fault" ? "first written to" : "allocated",
                              place_of(*growth->site), static_cast<double>(count(growth->live)) / kMebibyte);
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
