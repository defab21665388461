#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "collectors/go/go_process.h"
#include "collectors/go/goroutine_reader.h"
#include "collectors/goroutines/live_words.h"
#include "collectors/goroutines/lock_code.h"
#include "collectors/observation/goroutine_snapshot.h"

namespace proctor {

/// Finds goroutines that wait for a lock of the heap which they hold themselves: a function around the wait has locked,
/// as its code tells, and that lock is the only one that the pointers which are live in its frame lead to.
class OwnLocks {
 public:
  /// Both outlive it.
  OwnLocks(const GoProcess& process, LockCode& code) : process_(process), code_(code) {}

  /// Adds such waiters to the holders of their queue. `standing` and the snapshot's goroutines are in the same order.
  void find(std::span<const RawGoroutine::Still> standing, GoroutineSnapshot& snapshot);

 private:
  static constexpr std::size_t kMostWaiters = 64;  // of one queue
  static constexpr std::size_t kMostRead = 256;    // goroutines, in a look
  static constexpr std::size_t kMostKept = 10'000;

  enum class Lead : std::uint8_t { none, here, elsewhere };
  struct Answer {
    RawGoroutine::Still standing;
    std::optional<std::uint32_t> call;  // that has locked what it waits for
  };

  /// Sets which call has locked it, where one has. False where its stack was not to be had.
  bool ask(const RawGoroutine::Still& waiter, const GoroutineStack& stack, RemoteAddress lock, Answer& answer) const;
  /// The live pointers of a frame, and the arguments of the calls that it defers.
  std::vector<RemoteAddress> pointers_in(const CapturedGoroutine& captured, std::span<const LiveWord> words) const;
  /// Whether the function has locked something, and what it has live leads to this lock and no other.
  bool leads_to(const std::vector<GoFrame>& call, std::span<const RemoteAddress> pointers, RemoteAddress lock) const;
  Lead lead(RemoteAddress pointer, std::span<const std::uint32_t> distances, HeldSides sides, RemoteAddress lock) const;
  bool may_be_locked(RemoteAddress lock, HeldSides sides) const;

  const GoProcess& process_;
  LockCode& code_;
  std::unordered_map<std::uint64_t, Answer> answers_;  // by number of goroutine
};

}  // namespace proctor
