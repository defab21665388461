#include "agent/history/thread_lock_watch.h"

#include <algorithm>

namespace proctor {

void ThreadLockWatch::update(const LockSnapshot& locks, const ThreadSnapshot& threads, MonotonicTime now) {
  for (auto& [key, wait] : waits_) wait.seen = false;
  for (const LockWait& lock : locks.waits) {
    // One whose wait ends by itself does not wait for long; one whose owner is gone has a finding of its own.
    if (lock.timed || lock.known == LockOwner::gone) continue;
    const Tid owner = lock.owner.value_or(Tid{});
    const auto thread = std::ranges::lower_bound(threads.threads, lock.waiter, {}, &ThreadSample::tid);
    if (thread == threads.threads.end() || thread->tid != lock.waiter) continue;
    Wait& wait = waits_[{number(lock.address), lock.waiter}];
    if (wait.switches != thread->switches || wait.owner != owner) {
      wait = {.owner = owner, .switches = thread->switches, .since = now};
    }
    wait.seen = true;
  }
  std::erase_if(waits_, [](const auto& entry) { return !entry.second.seen; });
}

std::optional<MonotonicTime> ThreadLockWatch::stuck_since(RemoteAddress lock) const {
  std::optional<MonotonicTime> since;
  for (auto wait = waits_.lower_bound({number(lock), Tid{}}); wait != waits_.end() && wait->first.first == number(lock);
       ++wait) {
    since = std::min(since.value_or(wait->second.since), wait->second.since);
  }
  return since;
}

}  // namespace proctor
