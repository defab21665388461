#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/units.h"
#include "collectors/go/heap_buckets.h"
#include "collectors/observation/profiled_stack.h"
#include "collectors/sites/site.h"

namespace proctor {

/// One bucket of the runtime's memory profile.
struct HeapSample {
  std::uint32_t site = 0;   // index into HeapSnapshot::sites
  std::uint32_t stack = 0;  // into HeapSnapshot::stacks
  HeapBucket bucket;
};

/// What a Go process allocated and still holds, as its runtime samples it: up to its last collection.
struct HeapSnapshot {
  std::uint64_t sampling_rate = 0;  // bytes between two samples, on average
  std::vector<SiteRef> sites;       // site.reason is "heap"
  std::vector<std::shared_ptr<const ProfiledStack>> stacks;
  std::vector<HeapSample> samples;  // oldest bucket first
};

}  // namespace proctor
