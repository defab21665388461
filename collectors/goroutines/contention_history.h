#pragma once

#include <memory>

#include "collectors/go/contention_buckets.h"
#include "collectors/go/go_process.h"
#include "collectors/goroutines/profile_stacks.h"
#include "collectors/observation/contention_snapshot.h"
#include "collectors/os/cycle_clock.h"

namespace proctor {

/// The block or mutex profile of one Go process over many looks.
class ContentionHistory {
 public:
  /// Both outlive it. `kind` is block or mutex.
  ContentionHistory(const GoProcess& process, BucketKind kind, const CycleClock& cycles)
      : buckets_(process, kind), stacks_(process.functions()), cycles_(&cycles) {}

  /// The profile now. Errors: those of ContentionBuckets::read.
  Result<std::shared_ptr<const ContentionSnapshot>> look();

 private:
  ContentionBuckets buckets_;
  ProfileStacks stacks_;
  std::vector<std::uint32_t> stack_of_;  // by bucket
  const CycleClock* cycles_;
};

}  // namespace proctor
