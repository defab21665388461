#include "agent/findings/crash_loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace proctor {
namespace {

constexpr double kLeastGrowth = 1.25;  // since the first look: who needs that much from the start does not grow
constexpr int kMostWindows = 4;        // of a life; in a longer one a leak is told by itself
constexpr std::size_t kLeast = 2;
constexpr int kMostAge = 2;  // times the longest life of those before
constexpr std::string_view kMemory = "memory";

std::string amount(const LimitUse& use) {
  constexpr double kMebibyte = 1024.0 * 1024.0;
  if (use.resource == kMemory) return fmt::format("{:.0f} of {:.0f} MiB", use.used / kMebibyte, use.limit / kMebibyte);
  return fmt::format("{:.0f} of {:.0f}", use.used, use.limit);
}

FindingKind leak_of(std::string_view resource) {
  if (resource == "fds") return FindingKind::fd_leak;
  if (resource == "threads") return FindingKind::thread_leak;
  if (resource == "mappings") return FindingKind::mapping_leak;
  return FindingKind::memory_leak;
}

}  // namespace

void Endings::add(const std::string& target, std::optional<Ending> ending) {
  if (!ending) {
    by_target_.erase(target);
    return;
  }
  // Names may be made of numbers of processes.
  if (by_target_.size() >= kMostTargets && !by_target_.contains(target)) by_target_.clear();
  std::vector<Ending>& endings = by_target_[target];
  const std::string_view resource{ending->use.resource};
  if (!endings.empty() && endings.back().use.resource != resource) endings.clear();
  if (endings.size() >= kMostEach) endings.erase(endings.begin());
  endings.push_back(*ending);
}

std::span<const Ending> Endings::of(const std::string& target) const {
  const auto known = by_target_.find(target);
  return known == by_target_.end() ? std::span<const Ending>{} : known->second;
}

void LimitPast::add(const std::optional<LimitUse>& use, Nanoseconds age_now, WallTime now) {
  age = age_now;
  last_look = now;
  if (!use) return;
  if (!first) first = use;
  last = use;
  if (!use->is_near()) {
    near_since.reset();
  } else if (!near_since) {
    near_since = age_now;
  }
}

std::optional<Ending> ending_of(const LimitPast& past, Nanoseconds window) {
  if (!past.first || !past.last || !past.near_since) return std::nullopt;
  if (past.last->share() < kLeastGrowth * past.first->share()) return std::nullopt;
  if (past.age > kMostWindows * window || past.age - *past.near_since > past.age / 2) return std::nullopt;
  return Ending{.use = *past.last, .lived = past.age, .at = past.last_look};
}

std::optional<Finding> detect_crash_loop(std::span<const Ending> endings, Nanoseconds age) {
  if (endings.size() < kLeast) return std::nullopt;
  const Nanoseconds longest = std::ranges::max(endings, {}, &Ending::lived).lived;
  if (age > kMostAge * longest) return std::nullopt;
  const Ending& last = endings.back();
  Finding finding{.kind = FindingKind::crash_loop, .certainty = Certainty::suspected};
  finding.members = endings.size();
  finding.oldest = longest;
  finding.since = endings.front().at - std::chrono::duration_cast<WallTime::duration>(endings.front().lived);
  finding.says = fmt::format(
      "The last {} processes of this target grew until they ended near their limit of {}: the last with {}, after "
      "{:.0f} "
      "s.",
      endings.size(), last.use.resource, amount(last.use), seconds(last.lived));
  finding.advice = "a restart wins only that time: look what grows in the process that runs now, or raise the limit";
  return finding;
}

void link_crash_loop(Finding& loop, const char* resource, std::vector<Finding>& findings) {
  const auto leak = std::ranges::find_if(
      findings, [&](const Finding& finding) { return finding.kind == leak_of(resource) && !finding.cause; });
  if (leak == findings.end()) return;
  leak->says += ' ' + loop.says;
  loop.cause = Cause{.kind = leak->kind, .site = leak->site ? leak->site->id : kOtherSite};
}

}  // namespace proctor
