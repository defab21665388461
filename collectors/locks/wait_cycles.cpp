#include "collectors/locks/wait_cycles.h"

#include <algorithm>
#include <map>
#include <set>

namespace proctor {

std::vector<std::vector<Tid>> find_wait_cycles(std::span<const LockWait> waits) {
  // A thread waits for one lock at a time, so that each has at most one edge.
  std::map<Tid, Tid> owner_of;
  for (const LockWait& wait : waits) {
    if (wait.owner && !wait.timed) owner_of.emplace(wait.waiter, *wait.owner);
  }
  std::vector<std::vector<Tid>> cycles;
  std::set<Tid> done;
  for (const auto& [start, owner] : owner_of) {
    std::vector<Tid> path;
    Tid at = start;
    while (owner_of.contains(at) && done.insert(at).second) {
      path.push_back(at);
      at = owner_of[at];
    }
    const auto again = std::ranges::find(path, at);
    if (again == path.end()) continue;
    std::vector<Tid> cycle{again, path.end()};
    std::rotate(cycle.begin(), std::ranges::min_element(cycle), cycle.end());
    cycles.push_back(std::move(cycle));
  }
  return cycles;
}

}  // namespace proctor
