#include "agent/findings/causes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <optional>
#include <set>
#include <tuple>

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
    case FindingKind::timer_leak: return 3;
    case FindingKind::context_leak: return 4;
    case FindingKind::socket_leak: return 5;
    case FindingKind::fd_leak: return 6;
    case FindingKind::mapping_leak: return 7;
    case FindingKind::memory_leak: return 8;
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

/// Who came of one within the time that the other, which is read seldom, tells of.
std::vector<Cohort> within(const Finding& seldom_read, std::vector<Cohort> growth) {
  if (seldom_read.growth_apart == Nanoseconds{0}) return growth;
  std::erase_if(growth, [&](const Cohort& cohort) {
    return cohort.begin <= seldom_read.growth.front().begin - seldom_read.growth_apart ||
           cohort.begin > seldom_read.growth.back().begin;
  });
  return growth;
}

bool same_steps(const Finding& a, const Finding& b) {
  if (a.growth.empty() || b.growth.empty()) return false;
  const std::vector<Cohort> mine = within(b, a.growth);
  const std::vector<Cohort> other = within(a, b.growth);
  if (mine.empty() || other.empty()) return false;
  std::set<MonotonicTime> moments;
  for (const Cohort& cohort : mine) moments.insert(cohort.begin);
  for (const Cohort& cohort : other) moments.insert(cohort.begin);
  // Of what is read seldom, the next reading may be of those that had come by then.
  return std::ranges::all_of(moments, [&](MonotonicTime moment) {
    return arrived_by(mine, moment) - arrived_by(other, moment + b.growth_apart) <= kMostApart &&
           arrived_by(other, moment) - arrived_by(mine, moment + a.growth_apart) <= kMostApart;
  });
}

/// Those that stayed, in as many even parts of the time over which either site grew as tell a pace from steps.
constexpr std::size_t kParts = 8;
using Parts = std::array<double, kParts>;
constexpr double kMostOdd = 0.15;     // of the members, that one of two sites has in a part where the other has none
constexpr double kLeastSteps = 0.25;  // of the members, that a part has more or less than an even pace would bring

Parts parts_of(const std::vector<Cohort>& growth, MonotonicTime begin, MonotonicTime end) {
  Parts parts{};
  for (const Cohort& cohort : growth) {
    const auto part = static_cast<std::size_t>((cohort.begin - begin) * kParts / (end - begin + Nanoseconds{1}));
    parts.at(part) += static_cast<double>(cohort.alive);
  }
  return parts;
}

double sum(const Parts& parts) { return std::accumulate(parts.begin(), parts.end(), 0.0); }

/// How far `b`, times `ratio`, is from `a`, as a share of `a`.
double distance(const Parts& a, const Parts& b, double ratio) {
  double apart = 0;
  for (std::size_t i = 0; i < kParts; ++i) apart += std::abs(a.at(i) - ratio * b.at(i));
  return apart / sum(a);
}

/// main.main runs once: what it starts need not belong together.
bool has_operation_for_creator(const Site& site) {
  return !site.created_by.function.empty() && site.created_by.function != "main.main";
}

bool stands_in(const Frame& creator, const Site& site) {
  return std::ranges::find(site.frames, creator.function, &Frame::function) != site.frames.end();
}

/// Whether one function starts both, or one of them starts the other.
bool made_together(const Site& a, const Site& b) {
  const bool one_creator = has_operation_for_creator(a) && a.created_by.function == b.created_by.function;
  return one_creator || (has_operation_for_creator(a) && stands_in(a.created_by, b)) ||
         (has_operation_for_creator(b) && stands_in(b.created_by, a));
}

constexpr double kMostUneven = 0.03;  // of the members
constexpr double kJustBegun = 2;      // operations that have made one of them only, as yet

/// Whether there is a whole number of the more for each of the fewer, as where one operation makes them all.
bool comes_out_even(double members, double others) {
  const double fewer = std::min(members, others);
  const double more = std::max(members, others);
  const double each = std::round(more / fewer);
  return std::abs(more - each * fewer) <= kMostUneven * more + kJustBegun * each;
}

/// Whether goroutines of two sites come from one operation: so many here for each one there, all along, where one
/// function makes both, or libraries one of them, which is there for somebody; else equal numbers by steps that no even
/// pace explains.
bool one_operation(const Finding& a, const Finding& b) {
  if (a.growth.empty() || b.growth.empty()) return false;
  const MonotonicTime begin = std::min(a.growth.front().begin, b.growth.front().begin);
  const MonotonicTime end = std::max(a.growth.back().begin, b.growth.back().begin);
  const Parts mine = parts_of(a.growth, begin, end);
  const Parts other = parts_of(b.growth, begin, end);
  if (sum(mine) == 0 || sum(other) == 0) return false;
  if (made_together(*a.site, *b.site) || (b.site->of_libraries && comes_out_even(sum(mine), sum(other))))
    return distance(mine, other, sum(mine) / sum(other)) <= kMostOdd;
  if (a.site->created_by.function == "main.main" && b.site->created_by.function == "main.main") return false;
  Parts even{};
  even.fill(1);
  return distance(mine, other, 1) <= kMostOdd && distance(mine, even, sum(mine) / kParts) >= kLeastSteps;
}

bool can_bring_about(const Finding& cause, const Finding& effect) {
  if (effect.kind == FindingKind::memory_leak) {
    const double each = effect.per_second / cause.per_second;
    return each >= kLeastBytes && each <= kMostBytes;
  }
  if (cause.kind == FindingKind::goroutine_leak && effect.kind == cause.kind) return one_operation(cause, effect);
  // Threads of two sites are two leaks, also where they come at one pace; descriptors of one leak may be of several
  // kinds.
  if (cause.kind == effect.kind && cause.kind != FindingKind::fd_leak) return false;
  return same_steps(cause, effect);
}

/// Whether a page may have spoken of it already.
bool was_a_cause(const Finding& finding, const std::vector<Finding>& before) {
  return std::ranges::any_of(before, [&](const Finding& other) {
    return other.kind == finding.kind && !other.cause && other.site && finding.site &&
           other.site->id == finding.site->id;
  });
}

Finding* find_at(std::vector<Finding>& findings, FindingKind kind, SiteId site) {
  const auto found = std::ranges::find_if(findings, [&](const Finding& finding) {
    return finding.kind == kind && finding.site && finding.site->id == site;
  });
  return found == findings.end() ? nullptr : &*found;
}

/// Goroutines that leak where they wait for a lock that nobody gets are one matter: of a deadlock they are the
/// consequence; else who holds the lock is what to know of the leak.
void link_locks(std::vector<Finding>& findings) {
  for (Finding& lock : findings) {
    if (lock.kind != FindingKind::deadlock && lock.kind != FindingKind::stuck_lock) continue;
    for (const SiteId site : lock.waiting_at) {
      Finding* const leak = find_at(findings, FindingKind::goroutine_leak, site);
      if (leak == nullptr || leak->cause) continue;
      if (lock.kind == FindingKind::deadlock) {
        leak->cause = Cause{.kind = lock.kind, .site = lock.site->id};
        leak->says += " They wait for a lock of a deadlock.";
      } else if (!lock.cause) {
        leak->says += ' ' + lock.says;
        lock.cause = Cause{.kind = leak->kind, .site = leak->site->id};
      } else {
        leak->cause = lock.cause;
        leak->says += " They wait for a lock that nobody gets.";
      }
    }
  }
}

/// Goroutines that leak at a site, or can never go on, and those there that outlive their context are one matter; that
/// they do is what to know of it. So are those whose deadline has passed and those who were cancelled before it.
void link_contexts(std::vector<Finding>& findings) {
  for (Finding& outlived : findings) {
    if (outlived.kind != FindingKind::context_overdue && outlived.kind != FindingKind::context_cancelled) continue;
    for (const FindingKind kind :
         {FindingKind::goroutine_leak, FindingKind::blocked_forever, FindingKind::context_overdue}) {
      if (kind == outlived.kind) continue;
      Finding* const cause = find_at(findings, kind, outlived.site->id);
      if (cause == nullptr || outlived.cause) continue;
      cause->says += ' ' + outlived.says;
      outlived.cause = Cause{.kind = kind, .site = outlived.site->id};
    }
  }
}

/// Goroutines of a site that leak, or wait for a lock that nobody gets, and can never go on are one matter; that they
/// cannot is what to know of the leak.
void link_blocked_forever(std::vector<Finding>& findings) {
  for (Finding& stuck : findings) {
    if (stuck.kind != FindingKind::blocked_forever) continue;
    if (Finding* const leak = find_at(findings, FindingKind::goroutine_leak, stuck.site->id)) {
      leak->says += fmt::format(" {} there can never go on: nothing that can still run refers to what they wait for.",
                                stuck.members);
      stuck.cause = Cause{.kind = leak->kind, .site = leak->site->id};
      continue;
    }
    const auto lock = std::ranges::find_if(findings, [&](const Finding& finding) {
      return std::ranges::find(finding.waiting_at, stuck.site->id) != finding.waiting_at.end();
    });
    if (lock != findings.end()) stuck.cause = Cause{.kind = lock->kind, .site = lock->site->id};
  }
}

}  // namespace

void link_causes(std::vector<Finding>& findings, const std::vector<Finding>& before) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < findings.size(); ++i) {
    if (rank(findings[i].kind) && findings[i].per_second > 0) order.push_back(i);
  }
  std::ranges::stable_sort(order, {}, [&](std::size_t i) {
    const Finding& finding = findings[i];
    const bool serves = finding.site && finding.site->of_libraries;
    return std::tuple{*rank(finding.kind), serves, !was_a_cause(finding, before), ~finding.members};
  });
  link_locks(findings);
  link_contexts(findings);
  link_blocked_forever(findings);
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
