#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string_view>
#include <vector>

#include "collectors/observation/goroutine_snapshot.h"
#include "collectors/observation/unreachable_snapshot.h"

namespace proctor {

/// Who refers to what others wait for, as far as the stacks tell, and who holds it, as far as the code does.
class LockReferences {
 public:
  using Goroutines = std::vector<const GoroutineSample*>;

  /// `snapshot` outlives it; `unreachable` may be null.
  LockReferences(const GoroutineSnapshot& snapshot, const UnreachableSnapshot* unreachable);

  const Goroutines& to(RemoteAddress object) const { return at(to_, object); }
  const Goroutines& holders_of(RemoteAddress lock) const { return at(holders_, lock); }
  /// What one has locked where it stands, whichever lock it is.
  HeldSides locked_by(const GoroutineSample& goroutine) const;
  /// The function in which one of the holders has locked it; empty where that is not known.
  std::string_view locked_in(const GoroutineSample& holder) const;
  /// Goroutines each of which waits for what the next has, the last for what the first does; empty for none. Who refers
  /// to a lock has it only where it has locked something; a channel is anybody's.
  Goroutines cycle_of(const GoroutineSample& first) const;

 private:
  static constexpr std::size_t kMostInCycle = 6;
  static constexpr std::size_t kMostSteps = 10'000;

  bool extend(Goroutines& path, std::size_t& steps) const;
  bool has(const GoroutineSample& goroutine, RemoteAddress object) const;
  static const Goroutines& at(const std::map<std::uint64_t, Goroutines>& goroutines, RemoteAddress object);

  std::map<std::uint64_t, Goroutines> to_;       // by object
  std::map<std::uint64_t, Goroutines> holders_;  // by lock
  std::set<std::uint64_t> locks_;
  std::map<const GoroutineSample*, HeldSides> locking_;
  std::map<const GoroutineSample*, std::string_view> locked_in_;
};

}  // namespace proctor
