#include "agent/findings/deadlock.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "agent/findings/leak_text.h"

namespace proctor {
namespace {

/// Where a thread stands; null where it is not known.
std::shared_ptr<const Site> known_site(Tid tid, const ThreadSnapshot* threads) {
  if (threads == nullptr) return nullptr;
  const auto thread = std::ranges::lower_bound(threads->threads, tid, {}, &ThreadSample::tid);
  if (thread == threads->threads.end() || thread->tid != tid) return nullptr;
  return threads->sites[thread->site];
}

/// "12 (worker, in Pool::run pool.cpp:41)"
std::string shown(Tid tid, const ThreadSnapshot* threads) {
  const auto site = known_site(tid, threads);
  if (!site || site->name.empty()) return fmt::to_string(number(tid));
  if (site->user.line == 0) return fmt::format("{} ({})", number(tid), site->name);
  return fmt::format("{} ({}, in {} {}:{})", number(tid), site->name, site->user.function, base_name(site->user.file),
                     site->user.line);
}

std::shared_ptr<const Site> site_of(Tid tid, const ThreadSnapshot* threads) {
  if (auto known = known_site(tid, threads)) return known;
  Site site{.state = "sleeping", .reason = "futex"};
  identify(site);
  return std::make_shared<const Site>(std::move(site));
}

/// "12 (worker) waits for the mutex at 0x5580 that 13 (logger) holds"
std::string sentence(const LockWait& wait, const ThreadSnapshot* threads) {
  std::string text = fmt::format("thread {} waits for the {} at {:#x}", shown(wait.waiter, threads),
                                 to_string(wait.kind), number(wait.address));
  if (!wait.owner) return text + ", whose owner is no thread of the process";
  if (*wait.owner == wait.waiter) return text + ", which it holds itself";
  return text + fmt::format(", which {} holds", shown(*wait.owner, threads));
}

Finding proven(FindingKind kind, const std::shared_ptr<const Site>& site, WallTime now) {
  Finding finding;
  finding.kind = kind;
  finding.certainty = Certainty::proven;
  finding.site = site;
  finding.since = now;
  return finding;
}

}  // namespace

std::vector<Finding> detect_deadlocks(const LockSnapshot& locks, const ThreadSnapshot* threads, WallTime now) {
  std::vector<Finding> findings;
  for (const std::vector<Tid>& cycle : locks.cycles) {
    Finding finding = proven(FindingKind::deadlock, site_of(cycle.front(), threads), now);
    finding.members = cycle.size();
    for (const Tid tid : cycle) {
      const auto wait = std::ranges::lower_bound(locks.waits, tid, {}, &LockWait::waiter);
      finding.says += (finding.says.empty() ? "Deadlock: " : "; ") + sentence(*wait, threads);
    }
    finding.says += '.';
    finding.advice = cycle.size() == 1 ? "a mutex that is no recursive one was locked twice on one path"
                                       : "take these locks in one order everywhere";
    findings.push_back(std::move(finding));
  }
  const auto orphan =
      std::ranges::find_if(locks.waits, [](const LockWait& wait) { return !wait.owner && !wait.timed; });
  if (orphan != locks.waits.end()) {
    Finding finding = proven(FindingKind::orphaned_lock, site_of(orphan->waiter, threads), now);
    finding.members = static_cast<std::uint64_t>(
        std::ranges::count_if(locks.waits, [](const LockWait& wait) { return !wait.owner && !wait.timed; }));
    finding.says = "Orphaned lock: " + sentence(*orphan, threads) + ".";
    finding.advice = "a thread ended, or the process was forked, while the lock was held: fork before threads, or exec";
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace proctor
