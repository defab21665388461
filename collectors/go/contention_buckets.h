#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "collectors/go/bucket_list.h"

namespace proctor {

/// How often, and for how long in all, one stack waited, or had others wait for the lock that it held.
struct Contention {
  std::uint64_t times = 0;
  std::uint64_t cycles = 0;  // of the processor's time stamp counter
};

/// The counts of the runtime's block or mutex profile, over many looks.
class ContentionBuckets {
 public:
  /// `kind` is block or mutex.
  ContentionBuckets(const GoProcess& process, BucketKind kind)
      : process_(&process), kind_(kind), list_(process, kind) {}

  /// Reads all counts anew, and the stacks of new buckets. Errors: those of BucketList::read, and no_go_symbols where
  /// the counts need a scale that is not known.
  Result<void> read();

  /// Oldest first; an index stays what it is.
  const std::vector<Contention>& buckets() const { return buckets_; }
  const std::vector<RemoteAddress>& stack(std::size_t bucket) const { return list_.stack(bucket); }
  /// Of so many contentions of a mutex one is sampled; nothing where that is not known, and for blocks.
  std::optional<std::uint64_t> sampling_period() const { return sampling_period_; }
  /// How many contentions each that is counted stands for: until Go 1.19 the sample alone is counted.
  std::uint64_t scale() const { return scale_; }

 private:
  Result<void> read_sampling_period();

  const GoProcess* process_;
  BucketKind kind_;
  BucketList list_;
  std::vector<Contention> buckets_;
  std::optional<std::uint64_t> sampling_period_;
  std::uint64_t scale_ = 1;
};

}  // namespace proctor
