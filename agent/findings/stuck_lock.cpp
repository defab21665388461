#include "agent/findings/stuck_lock.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "agent/findings/leak_text.h"
#include "agent/findings/lock_references.h"

namespace proctor {
namespace {

constexpr int kStuckShare = 2;  // of the window: a lock may well be held while something slow is waited for
// Distances within a sync.RWMutex: its mutex's semaphore, that of writers, and that of readers follow each other.
constexpr std::uint64_t kWordBytes = 4;
constexpr std::size_t kShown = 3;

enum class Side : std::uint8_t { mutex, writer, reader, other };

/// What the waiters of a queue are about to do, from the functions that they stand in; the same in every release.
Side side_of(const Site& site) {
  const auto stands_in = [&](std::initializer_list<std::string_view> functions) {
    return std::ranges::any_of(site.frames, [&](const Frame& frame) {
      return std::ranges::any_of(functions, [&](std::string_view name) { return frame.function == name; });
    });
  };
  if (stands_in({"sync.(*Mutex).Lock", "sync.(*Mutex).lockSlow", "internal/sync.(*Mutex).lockSlow"}))
    return Side::mutex;
  if (stands_in({"sync.(*RWMutex).RLock"})) return Side::reader;
  if (stands_in({"sync.(*RWMutex).Lock"})) return Side::writer;
  return Side::other;
}

struct Queue {
  Side side = Side::other;
  std::uint64_t waiters = 0;
  std::set<std::uint32_t> sites;             // where they stand
  std::vector<const GoroutineSample*> next;  // the first of them, in order
  MonotonicTime since{};
};

/// "goroutine 18 at main.read (main.go:12, sync.RWMutex.RLock)"
std::string shown(const GoroutineSample& goroutine, const GoroutineSnapshot& snapshot) {
  return fmt::format("goroutine {} at {}", goroutine.goid, place_of(*snapshot.sites[goroutine.site]));
}

class Detector {
 public:
  Detector(const GoroutineSnapshot& snapshot, const UnreachableSnapshot* unreachable, const LockWatch& watch,
           const Instant& instant)
      : snapshot_(snapshot), references_(snapshot, unreachable), instant_(instant) {
    for (const GoLockQueue& queue : snapshot.lock_queues) {
      Queue& known = queues_[number(queue.semaphore)];
      for (const std::uint32_t waiter : queue.waiters) known.next.push_back(&snapshot.goroutines[waiter]);
      known.side = side_of(*snapshot.sites[known.next.front()->site]);
      known.since = watch.stuck_since(queue.semaphore).value_or(instant.now);
    }
    for (const GoroutineSample& goroutine : snapshot.goroutines) {
      const auto queue = queues_.find(number(goroutine.object));
      if (queue == queues_.end()) continue;
      ++queue->second.waiters;
      queue->second.sites.insert(goroutine.site);
    }
  }

  std::vector<Finding> run(const FindingsConfig& config) {
    std::vector<Finding> findings;
    std::vector<std::uint64_t> semaphores;  // of each
    std::set<std::uint64_t> told;
    for (const auto& [semaphore, queue] : queues_) {
      const Queue* readers = queue_at(semaphore + kWordBytes, Side::reader);
      if (queue.side != Side::writer || readers == nullptr) continue;
      if (std::min(stuck_for(queue), stuck_for(*readers)) < config.window / kStuckShare) continue;
      // Further writers wait for the mutex within.
      const Queue* writers = queue_at(semaphore - kWordBytes, Side::mutex);
      findings.push_back(stuck_for_readers(semaphore, queue, *readers, writers));
      semaphores.push_back(semaphore);
      told.insert({semaphore - kWordBytes, semaphore, semaphore + kWordBytes});
    }
    for (const auto& [semaphore, queue] : queues_) {
      if (queue.side == Side::other || told.contains(semaphore)) continue;
      if (stuck_for(queue) < config.window / kStuckShare) continue;
      // Writers behind a writer that then waits to read are told with it.
      const Queue* readers = queue_at(semaphore + 2 * kWordBytes, Side::reader);
      if (queue.side == Side::mutex && readers != nullptr && own_waiter(semaphore + 2 * kWordBytes)) continue;
      Finding finding = stuck(semaphore, queue);
      // Each lock of a cycle leads to it.
      std::vector<std::uint64_t> core = finding.core;
      std::ranges::sort(core);
      if (finding.kind != FindingKind::deadlock || cycles_.insert(std::move(core)).second) {
        findings.push_back(std::move(finding));
        semaphores.push_back(semaphore);
      }
    }
    for (std::size_t i = 0; i < findings.size(); ++i) {
      const std::size_t root = root_of(semaphores, i);
      if (root != i) findings[i].cause = Cause{.kind = findings[root].kind, .site = findings[root].site->id};
    }
    return findings;
  }

 private:
  /// The lock at the end of those each of whose holders waits for the next. By index, as the result.
  std::size_t root_of(const std::vector<std::uint64_t>& semaphores, std::size_t index) const {
    std::size_t root = index;
    for (std::size_t steps = 0; steps < semaphores.size(); ++steps) {
      const auto next = held_by_waiter_for_.find(semaphores[root]);
      if (next == held_by_waiter_for_.end()) return root;
      const auto behind = std::ranges::find(semaphores, next->second);
      if (behind == semaphores.end()) return root;
      root = static_cast<std::size_t>(behind - semaphores.begin());
    }
    return index;  // in a circle
  }

  Nanoseconds stuck_for(const Queue& queue) const { return instant_.now - queue.since; }

  const Queue* queue_at(std::uint64_t semaphore, Side side) const {
    const auto found = queues_.find(semaphore);
    return found != queues_.end() && found->second.side == side ? &found->second : nullptr;
  }

  /// The one that waits for the lock which it holds; nullptr for none. By semaphore.
  const GoroutineSample* own_waiter(std::uint64_t semaphore) const {
    const LockReferences::Goroutines& holders = references_.holders_of(RemoteAddress{semaphore});
    const auto own = std::ranges::find(holders, RemoteAddress{semaphore}, &GoroutineSample::object);
    return own == holders.end() ? nullptr : *own;
  }

  Finding about(FindingKind kind, const Queue& queue, std::uint64_t members,
                const std::vector<const Queue*>& others = {}) const {
    Finding finding{.kind = kind, .certainty = Certainty::suspected, .site = snapshot_.sites[queue.next.front()->site]};
    for (const std::uint32_t site : queue.sites) finding.waiting_at.push_back(snapshot_.sites[site]->id);
    for (const Queue* other : others) {
      if (other == nullptr) continue;
      for (const std::uint32_t site : other->sites) finding.waiting_at.push_back(snapshot_.sites[site]->id);
    }
    finding.members = members;
    finding.oldest = stuck_for(queue);
    finding.since = instant_.wall - std::chrono::duration_cast<WallTime::duration>(stuck_for(queue));
    return finding;
  }

  /// A writer that waits for readers, with readers that wait behind it.
  Finding stuck_for_readers(std::uint64_t semaphore, const Queue& writer, const Queue& readers, const Queue* writers) {
    const std::uint64_t blocked = writer.waiters + readers.waiters + (writers == nullptr ? 0 : writers->waiters);
    const std::string says =
        fmt::format("{} goroutines wait for the sync.RWMutex at {:#x}, which nobody got for {:.0f} s.", blocked,
                    semaphore - 2 * kWordBytes, seconds(stuck_for(writer)));
    const LockReferences::Goroutines holders = readers_that_hold(semaphore);
    const auto holds = [&](const GoroutineSample* reader) {
      return holders.empty() ? references_.locked_by(*reader).reading
                             : std::ranges::find(holders, reader) != holders.end();
    };
    const auto nested = std::ranges::find_if(readers.next, holds);
    const GoroutineSample& next = *writer.next.front();
    if (nested == readers.next.end() && holds(&next)) {
      Finding finding = about(FindingKind::deadlock, readers, blocked, {&writer, writers});
      finding.says = says;
      return locked_twice(std::move(finding), next);
    }
    // Without a word on who holds it, that is what most often keeps both sides waiting.
    if (nested != readers.next.end() || holders.empty()) {
      const GoroutineSample& reader = nested == readers.next.end() ? *readers.next.front() : **nested;
      Finding finding = about(FindingKind::deadlock, readers, blocked, {&writer, writers});
      finding.core = {reader.goid, next.goid};
      finding.says =
          fmt::format("{} {} {} behind {}, which waits for a reader to unlock; the other {} wait behind them.", says,
                      shown(reader, snapshot_), nested == readers.next.end() ? "waits" : "holds it already, and waits",
                      shown(next, snapshot_), blocked - finding.core.size());
      finding.advice =
          "a goroutine that holds the read lock and takes it again waits for ever as soon as a writer queues in "
          "between: read-lock once on a path, and pass what was read on";
      return finding;
    }
    Finding finding = about(FindingKind::stuck_lock, readers, blocked, {&writer, writers});
    finding.core = {next.goid};
    finding.says = fmt::format("{} {} is the next, and waits for a reader to unlock.", says, shown(next, snapshot_));
    add_holders(finding, semaphore, holders);
    return finding;
  }

  /// Those that stand elsewhere and hold a lock for reading, as far as their code and what they refer to tell. By its
  /// writers' semaphore.
  LockReferences::Goroutines readers_that_hold(std::uint64_t semaphore) const {
    if (const auto& known = references_.holders_of(RemoteAddress{semaphore}); !known.empty()) return known;
    LockReferences::Goroutines holders;
    for (const std::uint64_t object : {semaphore, semaphore + kWordBytes}) {
      for (const GoroutineSample* goroutine : references_.to(RemoteAddress{object})) {
        const bool waits_here =
            number(goroutine->object) >= semaphore - kWordBytes && number(goroutine->object) <= semaphore + kWordBytes;
        if (!waits_here && references_.locked_by(*goroutine).reading &&
            std::ranges::find(holders, goroutine) == holders.end()) {
          holders.push_back(goroutine);
        }
      }
    }
    return holders;
  }

  void add_holders(Finding& finding, std::uint64_t semaphore, const LockReferences::Goroutines& holders) {
    for (const GoroutineSample* holder : holders) {
      if (queues_.contains(number(holder->object))) held_by_waiter_for_[semaphore] = number(holder->object);
    }
    for (std::size_t i = 0; i < std::min(kShown, holders.size()); ++i) {
      finding.says += fmt::format(" {} stands between locking and unlocking it.", shown(*holders[i], snapshot_));
    }
    finding.advice = "do not wait for anything else while it is held: unlock before, or set a deadline";
  }

  Finding stuck(std::uint64_t semaphore, const Queue& queue) {
    if (const GoroutineSample* own = own_waiter(semaphore)) {
      const Queue* writers = queue.side == Side::reader ? queue_at(semaphore - 2 * kWordBytes, Side::mutex) : nullptr;
      const std::uint64_t blocked = queue.waiters + (writers == nullptr ? 0 : writers->waiters);
      Finding finding = about(FindingKind::deadlock, queue, blocked, {writers});
      finding.says = fmt::format("{} goroutines wait for the lock at {:#x}, which nobody got for {:.0f} s.", blocked,
                                 semaphore, seconds(stuck_for(queue)));
      return locked_twice(std::move(finding), *own);
    }
    if (const auto cycle = references_.cycle_of(*queue.next.front()); !cycle.empty())
      return cycle_of(semaphore, queue, cycle);
    Finding finding = about(FindingKind::stuck_lock, queue, queue.waiters);
    finding.core = {queue.next.front()->goid};
    finding.says =
        fmt::format("{} goroutines wait for the lock at {:#x}, which nobody got for {:.0f} s; {} is the next.",
                    queue.waiters, semaphore, seconds(stuck_for(queue)), shown(*queue.next.front(), snapshot_));
    if (const auto& holders = references_.holders_of(RemoteAddress{semaphore}); !holders.empty()) {
      add_holders(finding, semaphore, holders);
      return finding;
    }
    finding.advice = "who holds it waits for something else, has returned without unlocking, or locks it twice";
    const LockReferences::Goroutines& referring = references_.to(RemoteAddress{semaphore});
    LockReferences::Goroutines locking = referring;
    std::erase_if(locking, [&](const GoroutineSample* goroutine) {
      return goroutine->object == RemoteAddress{semaphore} || !references_.locked_by(*goroutine).whole;
    });
    if (!locking.empty()) {
      add_holders(finding, semaphore, locking);
      return finding;
    }
    for (std::size_t i = 0; i < std::min(kShown, referring.size()); ++i) {
      finding.says += fmt::format(" {} refers to it, and may hold it.", shown(*referring[i], snapshot_));
    }
    return finding;
  }

  Finding locked_twice(Finding finding, const GoroutineSample& holder) const {
    finding.kind = FindingKind::deadlock;
    finding.core = {holder.goid};
    const std::string_view function = references_.locked_in(holder);
    finding.says += fmt::format(" {} holds it already{}{}.", shown(holder, snapshot_),
                                function.empty() ? "" : ", locked in ", function);
    finding.advice = "a lock is not taken twice: lock once on a path, and call what needs it locked by another name";
    return finding;
  }

  Finding cycle_of(std::uint64_t semaphore, const Queue& queue,
                   const std::vector<const GoroutineSample*>& cycle) const {
    std::vector<const Queue*> others;
    for (const GoroutineSample* goroutine : cycle) {
      const auto other = queues_.find(number(goroutine->object));
      if (other != queues_.end()) others.push_back(&other->second);
    }
    Finding finding = about(FindingKind::deadlock, queue, queue.waiters + cycle.size() - 1, others);
    finding.says =
        fmt::format("{} goroutines wait for the lock at {:#x}, which nobody got for {:.0f} s:", queue.waiters,
                    semaphore, seconds(stuck_for(queue)));
    for (std::size_t i = 0; i < cycle.size(); ++i) {
      finding.core.push_back(cycle[i]->goid);
      finding.says += fmt::format("{} {} waits for what goroutine {} has", i == 0 ? "" : ",",
                                  shown(*cycle[i], snapshot_), cycle[(i + 1) % cycle.size()]->goid);
    }
    finding.says += ".";
    finding.advice = "take locks in one order on every path, and neither send, receive nor wait while one is held";
    return finding;
  }

  const GoroutineSnapshot& snapshot_;
  LockReferences references_;
  const Instant& instant_;
  std::map<std::uint64_t, Queue> queues_;                      // by semaphore
  std::map<std::uint64_t, std::uint64_t> held_by_waiter_for_;  // semaphores, likewise
  std::set<std::vector<std::uint64_t>> cycles_;
};

}  // namespace

std::vector<Finding> detect_stuck_locks(const GoroutineSnapshot& goroutines, const UnreachableSnapshot* unreachable,
                                        const LockWatch& watch, const FindingsConfig& config, const Instant& instant) {
  if (goroutines.lock_queues.empty()) return {};
  return Detector{goroutines, unreachable, watch, instant}.run(config);
}

}  // namespace proctor
