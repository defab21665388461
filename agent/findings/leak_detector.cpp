#include "agent/findings/leak_detector.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "agent/findings/leak_text.h"

namespace proctor {
namespace {

constexpr int kSettleShare = 8;  // of the window: younger arrivals had no time to leave
constexpr int kSpreadShare = 2;  // of the window: the least time over which arrivals must be spread
constexpr std::size_t kMinCohorts = 3;
constexpr double kEvenResidue = 0.8;
constexpr double kEvenSurvival = 0.6;  // the older half may have lost this much more than the younger

std::optional<FindingKind> kind_of(PopulationKind kind, const Site& site) {
  switch (kind) {
    case PopulationKind::goroutine: return FindingKind::goroutine_leak;
    case PopulationKind::thread: return FindingKind::thread_leak;
    case PopulationKind::fd: return FindingKind::fd_leak;
    case PopulationKind::socket: return FindingKind::socket_leak;
    case PopulationKind::mapping: return FindingKind::mapping_leak;
    case PopulationKind::context: return FindingKind::context_leak;
    case PopulationKind::allocation: return std::nullopt;
    case PopulationKind::timer:
      // What is to fire once goes by itself; who sleeps, or waits for a connection, is a goroutine.
      if (site.reason != "ticker" && site.reason != "context") return std::nullopt;
      return FindingKind::timer_leak;
    case PopulationKind::child: break;
  }
  // Living children are a workload; those that have ended wait for this process.
  return site.state == "zombie" ? std::optional{FindingKind::zombie_leak} : std::nullopt;
}

constexpr std::size_t kLongWindows = 8;
constexpr double kMostFall = 0.1;     // of the rise, from one window to the next
constexpr double kMostLeaving = 0.5;  // as many as this share of the rise may have left
constexpr double kLeastThird = 0.2;   // of the rise, in each third

/// Of those that arrived, the share that is still there.
double survival(const std::vector<Cohort>& cohorts, std::size_t begin, std::size_t end) {
  std::uint64_t arrived = 0;
  std::uint64_t alive = 0;
  for (std::size_t i = begin; i < end; ++i) {
    arrived += cohorts[i].arrived;
    alive += cohorts[i].alive;
  }
  return arrived == 0 ? 0 : static_cast<double>(alive) / static_cast<double>(arrived);
}

/// Whether a site has had about as many members before.
bool has_been_higher(const SiteGrowth& growth, std::optional<std::uint64_t> before) {
  constexpr std::uint64_t kMargin = 20;  // a twentieth of them
  return before && growth.members <= *before + *before / kMargin;
}

/// How many more members a site has than at the begin of these windows, at least: where the least that it held has
/// risen from window to window, by as many in the last third as in the first, with hardly anybody leaving. Else
/// nothing.
std::optional<double> even_rise(const std::vector<LongPast::Pair>& windows, LongPast::Window LongPast::Pair::*which,
                                const FindingsConfig& config) {
  const auto floor = [&](std::size_t i) { return static_cast<double>((windows[i].*which).fewest); };
  const std::size_t last = windows.size() - 1;
  const double rise = floor(last) - floor(0);
  if (rise < config.min_arrivals) return std::nullopt;
  std::uint64_t departed = 0;
  for (std::size_t i = 1; i < windows.size(); ++i) {
    if (floor(i) < floor(i - 1) - std::max(1.0, kMostFall * rise)) return std::nullopt;
    departed += (windows[i].*which).departed;
  }
  if (static_cast<double>(departed) > kMostLeaving * rise) return std::nullopt;
  // It has come to an end where the last rise is longer ago than rises were apart.
  const auto apart = static_cast<std::size_t>(3 * static_cast<double>(windows.size()) / rise);
  const std::size_t quiet = std::max<std::size_t>(2, apart);
  if (last > quiet && floor(last) <= floor(last - quiet)) return std::nullopt;
  const std::size_t third = windows.size() / 3;
  for (const std::size_t begin : {std::size_t{0}, third, last - third}) {
    if (floor(begin + third) - floor(begin) < kLeastThird * rise) return std::nullopt;
  }
  return rise;
}

/// A leak too slow for one window, or among many who come and go: see even_rise, of all members or of the old ones.
std::optional<Finding> detect_slow_leak(PopulationKind kind, FindingKind finding_kind, const SiteGrowth& growth,
                                        const FindingsConfig& config, const Instant& instant) {
  const auto& windows = growth.long_past;
  if (!growth.first_seen_growth || windows.size() < kLongWindows) return std::nullopt;
  const Nanoseconds span = config.window * static_cast<std::int64_t>(windows.size());
  if (instant.now - span < instant.process_start + config.warm_up) return std::nullopt;
  if (has_been_higher(growth, growth.height_before_past)) return std::nullopt;
  auto rise = even_rise(windows, &LongPast::Pair::all, config);
  if (!rise) rise = even_rise(windows, &LongPast::Pair::old, config);
  if (!rise) return std::nullopt;
  Finding finding{.kind = finding_kind, .certainty = Certainty::suspected, .site = growth.site};
  finding.since =
      instant.wall - std::chrono::duration_cast<WallTime::duration>(instant.now - *growth.first_seen_growth);
  finding.members = static_cast<std::uint64_t>(*rise);
  finding.oldest = growth.oldest;
  finding.per_second = *rise / seconds(span);
  finding.growth = growth.cohorts;
  finding.says = slow_leak_sentence(kind, finding, span);
  finding.advice = leak_advice(kind, *growth.site);
  return finding;
}

std::optional<Finding> detect_fast_leak(PopulationKind kind, FindingKind finding_kind, const SiteGrowth& growth,
                                        const FindingsConfig& config, const Instant& instant) {
  const MonotonicTime warm = instant.process_start + config.warm_up;
  const MonotonicTime settled = instant.now - config.window / kSettleShare;
  std::vector<Cohort> cohorts;
  for (const Cohort& cohort : growth.cohorts) {
    if (cohort.begin >= warm && cohort.begin <= settled) cohorts.push_back(cohort);
  }
  const auto stayed = [](const Cohort& cohort) { return cohort.alive > 0; };
  const auto first = std::ranges::find_if(cohorts, stayed);
  const auto last = std::find_if(cohorts.rbegin(), cohorts.rend(), stayed);
  if (first == cohorts.end()) return std::nullopt;
  if (has_been_higher(growth, growth.height_before_window)) return std::nullopt;
  const auto alive = [&](std::size_t begin, std::size_t end) {
    std::uint64_t sum = 0;
    for (std::size_t i = begin; i < end; ++i) sum += cohorts[i].alive;
    return sum;
  };
  const std::uint64_t survivors = alive(0, cohorts.size());

  const Nanoseconds spread = last->begin - first->begin;
  const auto surviving = static_cast<std::size_t>(std::ranges::count_if(cohorts, stayed));
  if (survivors < config.min_arrivals || surviving < kMinCohorts) return std::nullopt;
  if (spread < config.window / kSpreadShare) return std::nullopt;
  // A member that left although it was older than the window: the site does let go.
  if (growth.old_departures * 2 > survivors) return std::nullopt;
  const std::size_t half = cohorts.size() / 2;
  const bool stays = survival(cohorts, 0, half) >= kEvenSurvival * survival(cohorts, half, cohorts.size());
  // Of those who come and go the youngest are still there. Where as many stay of the oldest as of those after them, it
  // is not that they take their time.
  const std::size_t third = cohorts.size() / 3;
  const bool stays_among_others = alive(0, third) >= config.min_arrivals &&
                                  alive(third, 2 * third) >= config.min_arrivals &&
                                  survival(cohorts, 0, third) >= kEvenResidue * survival(cohorts, third, 2 * third);
  if (!stays && !stays_among_others) return std::nullopt;
  // No longer than the window's half without another one: it has come to an end.
  if (instant.now - last->begin > config.window / 2) return std::nullopt;

  const MonotonicTime since = growth.first_seen_growth.value_or(first->begin);
  Finding finding{.kind = finding_kind, .certainty = Certainty::suspected, .site = growth.site};
  finding.since = instant.wall - std::chrono::duration_cast<WallTime::duration>(instant.now - since);
  finding.members = survivors;
  finding.oldest = growth.oldest;
  const Nanoseconds time = growth.read_apart > Nanoseconds{0}
                               ? spread + growth.read_apart
                               : settled - first->begin + config.window / kSettleShare / 4;
  finding.per_second = static_cast<double>(survivors) / seconds(time);
  finding.growth = cohorts;
  finding.growth_apart = growth.read_apart;
  if (growth.read_apart > Nanoseconds{0}) {
    // The first may be of those that came before the window.
    std::erase_if(finding.growth,
                  [&](const Cohort& cohort) { return cohort.begin - growth.read_apart < instant.now - config.window; });
  }
  finding.says = leak_sentence(kind, finding, instant.now - first->begin);
  finding.advice = leak_advice(kind, *growth.site);
  return finding;
}

}  // namespace

std::optional<Finding> detect_leak(PopulationKind kind, const SiteGrowth& growth, const FindingsConfig& config,
                                   const Instant& instant) {
  if (!growth.site || growth.site->id == kOtherSite) return std::nullopt;
  const auto finding_kind = kind_of(kind, *growth.site);
  if (!finding_kind) return std::nullopt;
  if (auto finding = detect_fast_leak(kind, *finding_kind, growth, config, instant)) return finding;
  return detect_slow_leak(kind, *finding_kind, growth, config, instant);
}

}  // namespace proctor
