#include "agent/findings/lock_references.h"

#include <algorithm>

namespace proctor {
namespace {

/// Of the calls that share a frame, the innermost that is not what package sync does.
std::string_view function_at(const GoroutineSnapshot& snapshot, const GoroutineSample& goroutine, std::uint32_t call) {
  if (goroutine.stack_index >= snapshot.stacks.size()) return {};
  const auto& calls = snapshot.stacks[goroutine.stack_index]->calls;
  if (call >= calls.size()) return {};
  const auto found = std::ranges::find_if(*calls[call], [](const GoFrame& each) {
    return !each.frame.function.starts_with("sync.") && !each.frame.function.starts_with("internal/sync.");
  });
  return found == calls[call]->end() ? std::string_view{} : std::string_view{found->frame.function};
}

}  // namespace

LockReferences::LockReferences(const GoroutineSnapshot& snapshot, const UnreachableSnapshot* unreachable) {
  for (const GoLockQueue& queue : snapshot.lock_queues) {
    locks_.insert(number(queue.semaphore));
    for (const LockHolder& holder : queue.holders) {
      const GoroutineSample* const goroutine = &snapshot.goroutines[holder.goroutine];
      holders_[number(queue.semaphore)].push_back(goroutine);
      locked_in_.emplace(goroutine, function_at(snapshot, *goroutine, holder.call));
    }
  }
  for (const LockingGoroutine& locking : snapshot.locking) {
    locking_.emplace(&snapshot.goroutines[locking.goroutine], locking.held);
  }
  if (unreachable == nullptr || unreachable->references.empty()) return;
  std::map<std::uint64_t, const GoroutineSample*> by_goid;
  for (const GoroutineSample& goroutine : snapshot.goroutines) by_goid[goroutine.goid] = &goroutine;
  for (const WaitReference& reference : unreachable->references) {
    const auto known = by_goid.find(reference.goid);
    // One that runs, or sleeps, may have been done with it long ago, or come to it.
    if (known == by_goid.end() || known->second->state != GoroutineState::waiting) continue;
    auto& goroutines = to_[number(reference.object)];
    if (goroutines.empty() || goroutines.back() != known->second) goroutines.push_back(known->second);
  }
}

HeldSides LockReferences::locked_by(const GoroutineSample& goroutine) const {
  const auto found = locking_.find(&goroutine);
  return found == locking_.end() ? HeldSides{} : found->second;
}

std::string_view LockReferences::locked_in(const GoroutineSample& holder) const {
  const auto found = locked_in_.find(&holder);
  return found == locked_in_.end() ? std::string_view{} : found->second;
}

LockReferences::Goroutines LockReferences::cycle_of(const GoroutineSample& first) const {
  Goroutines path{&first};
  std::size_t steps = 0;
  return extend(path, steps) ? path : Goroutines{};
}

bool LockReferences::extend(Goroutines& path, std::size_t& steps) const {
  const RemoteAddress object = path.back()->object;
  if (object == RemoteAddress{} || path.size() > kMostInCycle || ++steps > kMostSteps) return false;
  const Goroutines& held_by = holders_of(object);
  for (const GoroutineSample* const next : held_by.empty() ? to(object) : held_by) {
    if (!has(*next, object)) continue;
    if (next == path.front() && path.size() > 1) return true;
    if (std::ranges::find(path, next) != path.end()) continue;
    path.push_back(next);
    if (extend(path, steps)) return true;
    path.pop_back();
  }
  return false;
}

bool LockReferences::has(const GoroutineSample& goroutine, RemoteAddress object) const {
  if (!locks_.contains(number(object)) || !holders_of(object).empty()) return true;
  const HeldSides held = locked_by(goroutine);
  return held.whole || held.reading;
}

const LockReferences::Goroutines& LockReferences::at(const std::map<std::uint64_t, Goroutines>& goroutines,
                                                     RemoteAddress object) {
  static const Goroutines none;
  const auto found = goroutines.find(number(object));
  return found == goroutines.end() ? none : found->second;
}

}  // namespace proctor
