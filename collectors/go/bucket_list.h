#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "base/units.h"
#include "collectors/go/go_process.h"

namespace proctor {

/// runtime.bucketType: what a bucket of the runtime's own profiles is of.
enum class BucketKind : std::uint64_t { memory = 1, block = 2, mutex = 3 };

/// The runtime's buckets of one of its profiles, over many looks: a bucket is never dropped, so that its stack is read
/// once.
class BucketList {
 public:
  struct Bucket {
    RemoteAddress record{};  // where its counts stand
    Bytes block{};           // for memory: the size of one
  };

  /// `process` outlives it.
  BucketList(const GoProcess& process, BucketKind kind) : process_(&process), kind_(kind) {}

  /// Reads what is new. Errors: not_found where the program has no such bucket yet, no_go_symbols where the list was
  /// not found, limit_reached, layout_mismatch.
  Result<void> read();

  /// Oldest first; an index stays what it is.
  const std::vector<Bucket>& buckets() const { return buckets_; }
  /// Return addresses, innermost first.
  const std::vector<RemoteAddress>& stack(std::size_t bucket) const { return stacks_[bucket]; }
  /// The first `size` bytes of each bucket's counts, one after the other. Errors: layout_mismatch.
  Result<std::vector<std::byte>> read_records(std::size_t size) const;

 private:
  struct Header;
  Result<Header> read_header(RemoteAddress bucket) const;
  Result<void> find();

  const GoProcess* process_;
  BucketKind kind_;
  std::optional<RemoteAddress> list_;  // the variable that leads to the newest
  RemoteAddress newest_{};
  std::vector<Bucket> buckets_;
  std::vector<std::vector<RemoteAddress>> stacks_;
};

}  // namespace proctor
