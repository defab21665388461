#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "collectors/go/bucket_list.h"

namespace proctor {

/// Blocks of one size that one stack allocated, as the runtime sampled them: one in every `sampling_rate` bytes.
struct HeapBucket {
  Bytes block{};
  std::uint64_t allocated = 0;  // up to the last collection but one, as the runtime's own profile tells it
  std::uint64_t freed = 0;      // of them, by the last collection
};

/// Whether the program samples what it allocates; false where that is not known.
bool samples_allocations(const GoProcess& process);

/// How many objects, and bytes, stand for so many that were sampled: as runtime/pprof scales them.
struct HeapEstimate {
  double objects = 0;
  double bytes = 0;
};
HeapEstimate unsampled(std::uint64_t objects, Bytes block, std::uint64_t sampling_rate);

/// The counts of the runtime's own memory profile, over many looks.
class HeapBuckets {
 public:
  explicit HeapBuckets(const GoProcess& process) : process_(&process), list_(process, BucketKind::memory) {}

  /// Reads all counts anew, and the stacks of new buckets. Errors: not_supported where the program does not sample,
  /// and those of BucketList::read.
  Result<void> read();

  std::uint64_t sampling_rate() const { return sampling_rate_; }
  /// Oldest first; an index stays what it is.
  const std::vector<HeapBucket>& buckets() const { return buckets_; }
  const std::vector<RemoteAddress>& stack(std::size_t bucket) const { return list_.stack(bucket); }

 private:
  const GoProcess* process_;
  BucketList list_;
  std::uint64_t sampling_rate_ = 0;
  std::vector<HeapBucket> buckets_;
};

}  // namespace proctor
