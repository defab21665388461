#pragma once

#include <cstdint>
#include <vector>

#include "agent/findings/finding.h"
#include "collectors/observation/goroutine_snapshot.h"

namespace proctor {

/// The runtime's goroutines of finalizers and cleanups over many looks, of which it shows those that a function which
/// they were given to run has blocked for some time: then no other one runs, and what they would free stays.
class FinalizerWatch {
 public:
  /// Takes in a look and tells what has been stuck by then: since the runtime's collector has seen it wait, or a look.
  std::vector<Finding> look(const GoroutineSnapshot& goroutines, WallTime now, MonotonicTime sampled_at);

 private:
  /// A wait within a function of the user's, unmoved since the look in which it was first seen.
  struct Wait {
    std::uint64_t goid = 0;
    std::uint8_t token = 0;
    SiteId site{};
    MonotonicTime since{};
  };

  std::vector<Wait> waits_;
};

}  // namespace proctor
