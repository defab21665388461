#include "agent/findings/spike.h"

#include <fmt/format.h>

#include <algorithm>

#include "agent/findings/leak_text.h"

namespace proctor {
namespace {

constexpr std::uint64_t kLeastMembers = 500;
constexpr std::uint64_t kTimesBefore = 10;
constexpr int kBurstShare = 8;           // of the window
constexpr double kMostOfArrivals = 0.8;  // that came within such a share of it

}  // namespace

std::optional<Finding> detect_spike(const SiteGrowth& growth, const FindingsConfig& config, const Instant& instant) {
  if (!growth.site || growth.site->id == kOtherSite) return std::nullopt;
  const MonotonicTime warm = instant.process_start + config.warm_up;
  std::uint64_t arrived = 0;  // in the window, and still there
  std::uint64_t most = 0;     // of them, within one eighth of it
  MonotonicTime begin{};
  for (std::size_t first = 0; first < growth.cohorts.size(); ++first) {
    if (growth.cohorts[first].begin < warm) continue;
    arrived += growth.cohorts[first].alive;
    std::uint64_t together = 0;
    for (std::size_t i = first; i < growth.cohorts.size(); ++i) {
      if (growth.cohorts[i].begin - growth.cohorts[first].begin > config.window / kBurstShare) break;
      together += growth.cohorts[i].alive;
    }
    if (together > most) {
      most = together;
      begin = growth.cohorts[first].begin;
    }
  }
  if (most < kLeastMembers) return std::nullopt;
  // A busy site has none that is old, but has had as many as now.
  if (begin - growth.followed_since < config.window / kBurstShare) return std::nullopt;
  std::uint64_t before = 0;
  for (const SiteGrowth::Height& height : growth.heights) {
    if (height.end <= begin) before = std::max(before, height.most);
  }
  if (growth.members < kTimesBefore * before) return std::nullopt;
  if (static_cast<double>(most) < kMostOfArrivals * static_cast<double>(arrived)) return std::nullopt;
  Finding finding{.kind = FindingKind::goroutine_spike, .certainty = Certainty::suspected, .site = growth.site};
  finding.since = instant.wall - std::chrono::duration_cast<WallTime::duration>(instant.now - begin);
  finding.members = most;
  finding.oldest = growth.oldest;
  finding.says =
      fmt::format("{} goroutines came to {} at once {:.0f} s ago, where {} were before, and are still there.", most,
                  place_of(*growth.site), seconds(instant.now - begin), before);
  finding.advice = "bound how much work is begun at a time, and find what all of them wait for";
  return finding;
}

}  // namespace proctor
