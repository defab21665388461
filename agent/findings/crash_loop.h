#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/findings/finding.h"
#include "base/units.h"

namespace proctor {

/// How much of a resource with a limit a process had used when it was last looked at.
struct LimitUse {
  const char* resource = "";  // memory, fds, threads, mappings
  double used = 0;
  double limit = 0;
  double share() const { return used / limit; }
  /// Whether next to nothing is left; a look may be some seconds old when the end comes.
  bool is_near() const { return share() >= 0.8; }
};

/// A process that ended with next to nothing left of a resource.
struct Ending {
  LimitUse use;
  Nanoseconds lived{};
  WallTime at{};
};

/// How the last processes of each target ended, by its name.
class Endings {
 public:
  /// Nothing for a process that ended with enough of everything: what came before it is over.
  void add(const std::string& target, std::optional<Ending> ending);
  /// Those that ended one after the other near the limit of one resource, oldest first; at most kMostEach.
  std::span<const Ending> of(const std::string& target) const;

 private:
  static constexpr std::size_t kMostEach = 8;
  static constexpr std::size_t kMostTargets = 10'000;

  std::map<std::string, std::vector<Ending>> by_target_;
};

/// What one process used of its nearest limit, over its looks.
struct LimitPast {
  std::optional<LimitUse> first;
  std::optional<LimitUse> last;
  std::optional<Nanoseconds> near_since;  // its age when it came near, and stayed
  Nanoseconds age{};                      // at the last look
  WallTime last_look{};

  void add(const std::optional<LimitUse>& use, Nanoseconds age_now, WallTime now);
};

/// How a process ended; nothing where it had enough left, did not grow, had long settled near the limit, as one that is
/// replaced by another release, or lived for long enough for a leak to be told by itself.
std::optional<Ending> ending_of(const LimitPast& past, Nanoseconds window);

/// Whether the processes of a target grow until they end, one after the other: so that none lives long enough for a
/// leak to be told by itself. `age`: of the process that runs now, which must not have lived much longer than they did.
std::optional<Finding> detect_crash_loop(std::span<const Ending> endings, Nanoseconds age);

/// A leak of the same resource in this process and the loop are one matter: that of the leak.
void link_crash_loop(Finding& loop, const char* resource, std::vector<Finding>& findings);

}  // namespace proctor
