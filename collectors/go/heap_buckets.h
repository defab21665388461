#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "base/units.h"
#include "collectors/go/go_process.h"

namespace proctor {

/// Blocks of one size that one stack allocated, as the runtime sampled them: one in every `sampling_rate` bytes.
struct HeapBucket {
  Bytes block{};
  std::uint64_t allocated = 0;  // up to the last collection but one, as the runtime's own profile tells it
  std::uint64_t freed = 0;      // of them, by the last collection
};

/// How many objects, and bytes, stand for so many that were sampled: as runtime/pprof scales them.
struct HeapEstimate {
  double objects = 0;
  double bytes = 0;
};
HeapEstimate unsampled(std::uint64_t objects, Bytes block, std::uint64_t sampling_rate);

/// The buckets of the runtime's own memory profile, over many looks: a bucket is never dropped, so that a stack is read
/// once.
class HeapBuckets {
 public:
  explicit HeapBuckets(const GoProcess& process) : process_(&process) {}

  /// Reads all counts anew, and the stacks of new buckets. Errors: not_supported where the program does not sample,
  /// no_go_symbols where its buckets were not found, limit_reached, layout_mismatch.
  Result<void> read();

  std::uint64_t sampling_rate() const { return sampling_rate_; }
  /// Oldest first; an index stays what it is.
  const std::vector<HeapBucket>& buckets() const { return buckets_; }
  /// Return addresses, innermost first.
  const std::vector<RemoteAddress>& stack(std::size_t bucket) const { return stacks_[bucket]; }

 private:
  struct Header;
  Result<Header> read_header(RemoteAddress bucket) const;
  Result<void> find_list();
  Result<void> read_new();
  Result<void> read_counts();

  const GoProcess* process_;
  std::optional<RemoteAddress> list_;  // runtime.mbuckets
  RemoteAddress newest_{};
  std::uint64_t sampling_rate_ = 0;
  std::vector<RemoteAddress> records_;  // by bucket: where its counts stand
  std::vector<HeapBucket> buckets_;
  std::vector<std::vector<RemoteAddress>> stacks_;
};

}  // namespace proctor
