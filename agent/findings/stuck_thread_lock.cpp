#include "agent/findings/stuck_thread_lock.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "agent/findings/thread_text.h"

namespace proctor {
namespace {

constexpr int kStuckShare = 2;  // of the window: a lock may well be held while something slow is waited for

/// The thread at the end of the chain: who holds what the holder waits for, and so on.
Tid last_holder(const LockSnapshot& locks, Tid holder) {
  for (std::size_t steps = 0; steps < locks.waits.size(); ++steps) {
    const auto wait = std::ranges::lower_bound(locks.waits, holder, {}, &LockWait::waiter);
    if (wait == locks.waits.end() || wait->waiter != holder || !wait->owner) break;
    holder = *wait->owner;
  }
  return holder;
}

/// Those that wait at one lock, or for one thread.
struct Queue {
  std::uint64_t waiters = 0;
  const LockWait* first = nullptr;  // at the lock that has been stuck for longest
  Nanoseconds stuck{};
};

void tell_without_holder(Finding& finding, const Queue& queue, const ThreadSnapshot& threads) {
  const LockWait& wait = *queue.first;
  finding.core = {static_cast<std::uint64_t>(number(wait.waiter))};
  finding.says = fmt::format(
      "{} threads wait for the {} at {:#x}, which nobody got for {:.0f} s; it does not tell who {}. Thread {} is one "
      "of "
      "them.",
      queue.waiters, shown_kind(wait.kind), number(wait.address), seconds(queue.stuck),
      wait.kind == LockKind::rwlock ? "reads" : "initialises it", shown_thread(wait.waiter, &threads));
  finding.advice = wait.kind == LockKind::rwlock
                       ? "a reader does not unlock: look for one that waits for input, output or others, has returned "
                         "without unlocking, or wants to write"
                       : "what is initialised once must not wait for others, nor need itself";
}

bool is_in_cycle(const LockSnapshot& locks, Tid thread) {
  return std::ranges::any_of(locks.cycles, [thread](const std::vector<Tid>& cycle) {
    return std::ranges::find(cycle, thread) != cycle.end();
  });
}

}  // namespace

std::vector<Finding> detect_stuck_thread_locks(const LockSnapshot& locks, const ThreadSnapshot& threads,
                                               const FdSnapshot* fds, const ThreadLockWatch& watch,
                                               const FindingsConfig& config, const Instant& instant) {
  // What waits for the same thread in the end is one incident; where that is not known, what waits for one lock.
  std::map<std::pair<Tid, RemoteAddress>, Queue> queues;
  for (const LockWait& wait : locks.waits) {
    const bool is_gone = wait.known == LockOwner::gone;
    const auto since = wait.timed || is_gone ? std::nullopt : watch.stuck_since(wait.address);
    if (!since) continue;
    const Tid holder = wait.owner ? last_holder(locks, *wait.owner) : Tid{};
    if (is_in_cycle(locks, holder)) continue;
    Queue& queue = queues[{holder, wait.owner ? RemoteAddress{} : wait.address}];
    ++queue.waiters;
    if (queue.first == nullptr || instant.now - *since > queue.stuck) {
      queue.first = &wait;
      queue.stuck = instant.now - *since;
    }
  }
  std::vector<Finding> findings;
  for (const auto& [key, queue] : queues) {
    const Tid holder = key.first;
    if (queue.stuck < config.window / kStuckShare) continue;
    Finding finding{.kind = FindingKind::stuck_lock, .certainty = Certainty::suspected};
    finding.site = site_of_thread(holder == Tid{} ? queue.first->waiter : holder, &threads);
    finding.members = queue.waiters;
    finding.oldest = queue.stuck;
    finding.since = instant.wall - std::chrono::duration_cast<WallTime::duration>(queue.stuck);
    if (holder == Tid{}) {
      tell_without_holder(finding, queue, threads);
      findings.push_back(std::move(finding));
      continue;
    }
    finding.core = {static_cast<std::uint64_t>(number(holder))};
    finding.says = fmt::format(
        "{} threads wait for thread {}, which {} and holds what nobody got for {:.0f} s: thread {} waits for the {} at "
        "{:#x}.",
        queue.waiters, shown_thread(holder, &threads), shown_wait(holder, &threads, fds), seconds(queue.stuck),
        shown_thread(queue.first->waiter, &threads), shown_kind(queue.first->kind), number(queue.first->address));
    finding.advice = "do not wait for input, output or others while a lock is held; unlock on every path";
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace proctor
