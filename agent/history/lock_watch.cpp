#include "agent/history/lock_watch.h"

namespace proctor {

void LockWatch::update(const GoroutineSnapshot& snapshot, MonotonicTime now) {
  for (auto& [semaphore, head] : heads_) head.seen = false;
  for (const GoLockQueue& queue : snapshot.lock_queues) {
    const GoroutineSample& first = snapshot.goroutines[queue.waiters.front()];
    Head& head = heads_[number(queue.semaphore)];
    if (head.goid != first.goid || head.wait_token != first.wait_token) {
      head = {.goid = first.goid, .wait_token = first.wait_token, .since = now};
    }
    head.seen = true;
  }
  std::erase_if(heads_, [](const auto& entry) { return !entry.second.seen; });
}

std::optional<MonotonicTime> LockWatch::stuck_since(RemoteAddress semaphore) const {
  const auto head = heads_.find(number(semaphore));
  return head == heads_.end() ? std::nullopt : std::optional{head->second.since};
}

}  // namespace proctor
