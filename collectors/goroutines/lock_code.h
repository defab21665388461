#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "collectors/go/go_process.h"
#include "collectors/observation/goroutine_snapshot.h"

namespace proctor {

/// Where the lock begins whose semaphore goroutines with that stack wait for; nothing for what is no lock.
std::optional<RemoteAddress> lock_of(RemoteAddress semaphore, const GoroutineStack& stack);

/// Whether the function only locks for its caller, as those of package sync: what it does has not yet locked. A
/// sync.Once keeps its lock while it runs what it was given.
bool only_locks(const GoFrame& call);

/// Which locks a goroutine holds where it stands, as far as the code around tells: those at fixed addresses, as package
/// variables are, to which no word on its stack refers. Keeps what it found, since goroutines stand at few places.
class LockCode {
 public:
  /// `process` outlives it.
  explicit LockCode(const GoProcess& process) : process_(process) {}

  /// The addresses of each sync.Mutex and sync.RWMutex that the function which begins at `entry` locks before `pc`, a
  /// return address, without an unlock in between. Valid until the next call.
  const std::vector<RemoteAddress>& held_at(RemoteAddress entry, RemoteAddress pc);
  /// Whether it has locked any lock before `pc` and not unlocked one since, wherever that lock is.
  HeldSides sides_at(RemoteAddress entry, RemoteAddress pc) { return place_at(entry, pc).sides; }
  /// Whether what it will unlock as it returns may be known to the runtime alone.
  bool defers_before(RemoteAddress entry, RemoteAddress pc) { return place_at(entry, pc).defers; }
  /// How far from what a register held the locks may lie that it locks before `pc`; some distances of other things are
  /// among them. Valid until the next call.
  std::span<const std::uint32_t> distances_at(RemoteAddress entry, RemoteAddress pc) {
    return place_at(entry, pc).distances;
  }

 private:
  static constexpr std::size_t kMost = 20'000;  // places, and functions that are called

  enum class Effect : std::uint8_t { none, locks, read_locks, waits_for_readers, unlocks, read_unlocks, defers };
  /// A call of a function that locks or unlocks what is at a fixed address.
  struct Call {
    RemoteAddress lock{};
    RemoteAddress returns_to{};
    bool locks = false;
  };

  struct Place {
    HeldSides sides;
    bool defers = false;                   // calls of which the runtime keeps a list
    std::vector<std::uint32_t> distances;  // ascending
  };

  std::vector<RemoteAddress> find(RemoteAddress entry, RemoteAddress pc);
  std::vector<Call> calls_in(RemoteAddress entry, RemoteAddress pc);
  const Place& place_at(RemoteAddress entry, RemoteAddress pc);
  Place find_place(RemoteAddress entry, RemoteAddress pc);
  std::vector<std::byte> code_before(RemoteAddress pc, RemoteAddress entry) const;
  Effect effect_of(RemoteAddress function);

  const GoProcess& process_;
  std::unordered_map<std::uint64_t, std::vector<RemoteAddress>> held_;  // by pc
  std::unordered_map<std::uint64_t, Place> places_;                     // likewise
  std::unordered_map<std::uint64_t, Effect> effects_;                   // by entry
};

}  // namespace proctor
