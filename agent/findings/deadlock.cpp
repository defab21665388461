#include "agent/findings/deadlock.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "agent/findings/thread_text.h"

namespace proctor {
namespace {

/// "12 (worker) waits for the mutex at 0x5580 that 13 (logger) holds"
std::string sentence(const LockWait& wait, const ThreadSnapshot* threads) {
  std::string text = fmt::format("thread {} waits for the {} at {:#x}", shown_thread(wait.waiter, threads),
                                 shown_kind(wait.kind), number(wait.address));
  if (!wait.owner) return text + ", whose owner is no thread of the process";
  if (*wait.owner == wait.waiter) return text + ", which it holds itself";
  return text + fmt::format(", which {} holds", shown_thread(*wait.owner, threads));
}

bool is_orphan(const LockWait& wait) { return wait.known == LockOwner::gone && !wait.timed; }

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
    Finding finding = proven(FindingKind::deadlock, site_of_thread(cycle.front(), threads), now);
    finding.members = cycle.size();
    for (const Tid tid : cycle) {
      const auto wait = std::ranges::lower_bound(locks.waits, tid, {}, &LockWait::waiter);
      if (wait->known == LockOwner::inferred) finding.certainty = Certainty::suspected;
      finding.says += (finding.says.empty() ? "Deadlock: " : "; ") + sentence(*wait, threads);
    }
    finding.says += '.';
    finding.advice = cycle.size() == 1 ? "a mutex that is no recursive one was locked twice on one path"
                                       : "take these locks in one order everywhere";
    findings.push_back(std::move(finding));
  }
  const auto orphan = std::ranges::find_if(locks.waits, is_orphan);
  if (orphan != locks.waits.end()) {
    Finding finding = proven(FindingKind::orphaned_lock, site_of_thread(orphan->waiter, threads), now);
    finding.members = static_cast<std::uint64_t>(std::ranges::count_if(locks.waits, is_orphan));
    finding.says = "Orphaned lock: " + sentence(*orphan, threads) + ".";
    finding.advice = "a thread ended, or the process was forked, while the lock was held: fork before threads, or exec";
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace proctor
