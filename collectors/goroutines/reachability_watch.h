#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "collectors/go/context_types.h"
#include "collectors/go/go_process.h"
#include "collectors/observation/observation.h"

namespace proctor {

/// When the goroutines that can never go on are looked for: while a process is watched, or for one look.
enum class ReachabilityChecks : std::uint8_t { paced, at_once };

/// One Go process over many looks: looks for goroutines that can never go on, seldom enough for it to cost little, and
/// tells of those only that two checks in a row found.
class ReachabilityWatch {
 public:
  /// The first check comes `delay` after the first look: of many processes not all at the same time.
  ReachabilityWatch(ReachabilityChecks checks, Nanoseconds delay) : checks_(checks), delay_(delay) {}

  /// Checks again where it is time to. `processes` share what checks may cost.
  void update(const GoProcess& process, const ProcDir& directory,
              const std::shared_ptr<const GoroutineSnapshot>& goroutines, WallTime wall, MonotonicTime now,
              std::size_t processes);
  /// What is known. Absent before the first two checks.
  const Part<UnreachableSnapshot>& unreachable() const { return known_; }
  /// Likewise, from the last check alone: the same object until there is another one. Absent before the first.
  const Part<ContextSnapshot>& contexts() const { return contexts_; }

 private:
  Result<std::vector<UnreachableGoroutine>> check(const GoProcess& process, const ProcDir& directory,
                                                  const GoroutineSnapshot& goroutines, MonotonicTime now);
  void publish(std::vector<UnreachableGoroutine> found, WallTime wall);

  ReachabilityChecks checks_;
  Nanoseconds delay_;
  std::optional<MonotonicTime> next_;
  std::weak_ptr<const GoroutineSnapshot> judged_;               // what the last check was of
  std::optional<std::vector<UnreachableGoroutine>> suspected_;  // by a first check, to be confirmed
  std::optional<ContextTypes> types_;
  std::vector<WaitReference> references_;  // of the last check
  Part<UnreachableSnapshot> known_;
  Part<ContextSnapshot> contexts_;
};

}  // namespace proctor
