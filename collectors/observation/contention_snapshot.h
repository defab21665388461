#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "collectors/go/contention_buckets.h"
#include "collectors/observation/profiled_stack.h"

namespace proctor {

/// One stack of the runtime's block or mutex profile.
struct ContentionSample {
  std::uint32_t stack = 0;  // index into ContentionSnapshot::stacks
  Contention contention;
};

/// Where the goroutines of a process have waited, or have had others wait for a lock, as its runtime samples it.
struct ContentionSnapshot {
  double cycles_per_second = 0;
  std::optional<std::uint64_t> sampling_period;  // see ContentionBuckets
  std::uint64_t scale = 1;                       // likewise
  std::vector<std::shared_ptr<const ProfiledStack>> stacks;
  std::vector<ContentionSample> samples;  // oldest first
};

}  // namespace proctor
