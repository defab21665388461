#include "agent/findings/causes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "agent/findings/leak_text.h"

namespace proctor {
namespace {

constexpr double kMostApart = 0.2;   // of two cumulative curves, each of which ends at 1
constexpr double kLeastBytes = 128;  // of a member, for memory to come from it
constexpr double kMostBytes = 8.0 * 1024 * 1024;

/// Who tells most of the cause comes first; nothing for what is no leak.
std::optional<int> rank(FindingKind kind) {
  switch (kind) {
    case FindingKind::goroutine_leak: return 0;
    case FindingKind::thread_leak: return 1;
    case FindingKind::zombie_leak: return 2;
    case FindingKind::socket_leak: return 3;
    case FindingKind::fd_leak: return 4;
    case FindingKind::mapping_leak: return 5;
    case FindingKind::memory_leak: return 6;
    default: return std::nullopt;
  }
}

/// The share of the surviving arrivals that had come by then.
double arrived_by(const std::vector<Cohort>& growth, MonotonicTime moment) {
  std::uint64_t before = 0;
  std::uint64_t all = 0;
  for (const Cohort& cohort : growth) {
    all += cohort.alive;
    if (cohort.begin <= moment) before += cohort.alive;
  }
  return all == 0 ? 0 : static_cast<double>(before) / static_cast<double>(all);
}

bool same_steps(const std::vector<Cohort>& a, const std::vector<Cohort>& b) {
  if (a.empty() || b.empty()) return false;
  std::set<MonotonicTime> moments;
  for (const Cohort& cohort : a) moments.insert(cohort.begin);
  for (const Cohort& cohort : b) moments.insert(cohort.begin);
  return std::ranges::all_of(moments, [&](MonotonicTime moment) {
    return std::abs(arrived_by(a, moment) - arrived_by(b, moment)) <= kMostApart;
  });
}

bool can_bring_about(const Finding& cause, const Finding& effect) {
  if (effect.kind == FindingKind::memory_leak) {
    const double each = effect.per_second / cause.per_second;
    return each >= kLeastBytes && each <= kMostBytes;
  }
  // Goroutines or threads of two sites are two leaks, also where they come at one pace; descriptors of one leak may be
  // of several kinds.
  if (cause.kind == effect.kind && cause.kind != FindingKind::fd_leak) return false;
  return same_steps(cause.growth, effect.growth);
}

}  // namespace

void link_causes(std::vector<Finding>& findings) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < findings.size(); ++i) {
    if (rank(findings[i].kind) && findings[i].per_second > 0) order.push_back(i);
  }
  std::ranges::stable_sort(order, {}, [&](std::size_t i) {
    return std::pair{*rank(findings[i].kind), ~findings[i].members};
  });
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Finding& cause = findings[order[i]];
    if (cause.cause) continue;
    for (std::size_t j = i + 1; j < order.size(); ++j) {
      Finding& effect = findings[order[j]];
      if (effect.cause || !can_bring_about(cause, effect)) continue;
      effect.cause = Cause{.kind = cause.kind, .site = cause.site->id};
      effect.says += fmt::format(" It grows along with the {} at {}.", to_string(cause.kind), place_of(*cause.site));
    }
  }
}

}  // namespace proctor
