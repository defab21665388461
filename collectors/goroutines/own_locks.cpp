#include "collectors/goroutines/own_locks.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/byte_cursor.h"
#include "collectors/goroutines/live_words.h"

namespace proctor {
namespace {

constexpr std::uint64_t kWord = 8;
constexpr std::size_t kStructWords = 16;

/// The words of a sync.RWMutex, which begins with a sync.Mutex.
struct LockWords {
  std::uint32_t state = 0, semaphore = 0, writers = 0, readers = 0;
  std::int32_t reader_count = 0;
};

void add(GoLockQueue& queue, std::uint32_t goroutine, std::optional<std::uint32_t> call) {
  if (call) queue.holders.push_back({.goroutine = goroutine, .call = *call});
}

}  // namespace

void OwnLocks::find(std::span<const RawGoroutine::Still> standing, GoroutineSnapshot& snapshot) {
  if (snapshot.locking.empty()) return;
  if (answers_.size() > kMostKept) answers_.clear();
  std::size_t read = 0;
  for (GoLockQueue& queue : snapshot.lock_queues) {
    for (const std::uint32_t index : std::span{queue.waiters}.first(std::min(queue.waiters.size(), kMostWaiters))) {
      const auto locking = std::ranges::lower_bound(snapshot.locking, index, {}, &LockingGoroutine::goroutine);
      if (locking == snapshot.locking.end() || locking->goroutine != index) continue;
      const RawGoroutine::Still& waiter = standing[index];
      const auto known = answers_.find(waiter.goid);
      if (known != answers_.end() && known->second.standing == waiter) {
        add(queue, index, known->second.call);
        continue;
      }
      const GoroutineStack& stack = *snapshot.stacks[snapshot.goroutines[index].stack_index];
      const auto lock = lock_of(queue.semaphore, stack);
      if (!lock || ++read > kMostRead) continue;
      Answer answer{.standing = waiter, .call = {}};
      if (!ask(waiter, stack, *lock, answer)) continue;
      answers_[waiter.goid] = answer;
      add(queue, index, answer.call);
    }
  }
}

bool OwnLocks::ask(const RawGoroutine::Still& waiter, const GoroutineStack& stack, RemoteAddress lock,
                   Answer& answer) const {
  bool was_read = false;
  const auto look_at = [&](const CapturedGoroutine& captured) {
    was_read = !captured.torn && !captured.stack.empty() && captured.goroutine.still() == waiter;
    if (!was_read) return;
    const std::vector<LiveWord> words = live_words(process_.functions(), stack);
    for (std::size_t begin = 0; begin < words.size() && !answer.call;) {
      const std::uint32_t call = words[begin].call;
      std::size_t end = begin;
      while (end < words.size() && words[end].call == call) ++end;
      const auto pointers = pointers_in(captured, std::span{words}.subspan(begin, end - begin));
      if (leads_to(*stack.calls[call], pointers, lock)) answer.call = call;
      begin = end;
    }
  };
  const std::array<RemoteAddress, 1> address{waiter.address};
  return GoroutineReader{process_}.read(address, {}, look_at) && was_read;
}

std::vector<RemoteAddress> OwnLocks::pointers_in(const CapturedGoroutine& captured,
                                                 std::span<const LiveWord> words) const {
  const AddressRange stack{captured.goroutine.sp, captured.goroutine.sp + captured.stack.size()};
  const AddressRange text{process_.module().text, process_.module().etext};
  std::vector<RemoteAddress> pointers;
  for (const LiveWord& word : words) {
    const auto pointer = load<RemoteAddress>(captured.stack, word.offset);
    if (!pointer) continue;
    if (!stack.contains(*pointer)) {
      pointers.push_back(*pointer);
      continue;
    }
    // A deferred call lies on the stack: its code, and then the lock that it unlocks.
    const auto code = load<RemoteAddress>(captured.stack, *pointer - stack.begin);
    const auto argument = load<RemoteAddress>(captured.stack, *pointer - stack.begin + kWord);
    if (code && argument && text.contains(*code)) pointers.push_back(*argument);
  }
  return pointers;
}

bool OwnLocks::leads_to(const std::vector<GoFrame>& call, std::span<const RemoteAddress> pointers,
                        RemoteAddress lock) const {
  if (only_locks(call.back())) return false;
  const RemoteAddress entry = call.back().entry;
  const RemoteAddress pc = call.front().pc;
  const HeldSides sides = code_.sides_at(entry, pc);
  if ((!sides.whole && !sides.reading) || code_.defers_before(entry, pc)) return false;
  // It may be a lock of a package that it has.
  if (!code_.held_at(entry, pc).empty()) return false;
  const auto distances = code_.distances_at(entry, pc);
  bool found = false;
  for (const RemoteAddress pointer : pointers) {
    switch (lead(pointer, distances, sides, lock)) {
      case Lead::none: break;
      case Lead::here: found = true; break;
      case Lead::elsewhere: return false;
    }
  }
  if (found) return true;
  // The lock may be of a struct that one at hand refers to.
  for (const RemoteAddress pointer : pointers) {
    const auto words = process_.memory().read_value<std::array<RemoteAddress, kStructWords>>(pointer);
    if (!words) continue;
    for (const RemoteAddress word : *words) {
      const Lead leads = lead(word, distances, sides, lock);
      if (leads == Lead::elsewhere) return false;
      if (leads == Lead::none) continue;
      found = true;
      break;  // what follows may be another struct
    }
  }
  return found;
}

OwnLocks::Lead OwnLocks::lead(RemoteAddress pointer, std::span<const std::uint32_t> distances, HeldSides sides,
                              RemoteAddress lock) const {
  if (pointer == lock) return Lead::here;
  if (std::ranges::any_of(distances, [&](std::uint32_t distance) { return pointer + distance == lock; })) {
    // Another lock of that struct may be the one.
    const bool another = std::ranges::any_of(distances, [&](std::uint32_t distance) {
      return distance != 0 && pointer + distance != lock && may_be_locked(pointer + distance, sides);
    });
    return another ? Lead::elsewhere : Lead::here;
  }
  // A deferred call has the address of the lock itself.
  const bool leads_elsewhere =
      may_be_locked(pointer, sides) ||
      std::ranges::any_of(distances, [&](std::uint32_t distance) { return may_be_locked(pointer + distance, sides); });
  return leads_elsewhere ? Lead::elsewhere : Lead::none;
}

bool OwnLocks::may_be_locked(RemoteAddress lock, HeldSides sides) const {
  constexpr std::uint32_t kLocked = 1;
  constexpr std::uint32_t kMostState = 1U << 24U;  // it counts those that wait as well
  constexpr std::int32_t kMostReaders = 1 << 30;
  const auto words = process_.memory().read_value<LockWords>(lock);
  if (!words || words->semaphore > 1) return false;
  // A writer that waits takes a large number from the count.
  const bool is_read = words->writers <= 1 && words->readers <= 1 &&
                       (words->reader_count < 0 ? words->reader_count + kMostReaders : words->reader_count) > 0;
  return (sides.whole && (words->state & kLocked) != 0 && words->state < kMostState) || (sides.reading && is_read);
}

}  // namespace proctor
