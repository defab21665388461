#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>

#include "base/address.h"
#include "base/result.h"

namespace proctor {

/// One piece of a batch: filled whole or not at all.
struct ReadRequest {
  RemoteAddress from{};
  std::span<std::byte> into;
  bool complete = false;  // set by read_many
};

/// Reads a target's memory. The seam that tests replace with captured bytes.
class MemoryReader {
 public:
  virtual ~MemoryReader() = default;

  /// Fills `into` whole, or fails: short_read for a hole, permission_denied, target_gone.
  virtual Result<void> read(RemoteAddress from, std::span<std::byte> into) const = 0;

  /// Many pieces in few system calls. A piece that cannot be read whole is left incomplete and the rest
  /// go on; fails only where nothing can be read at all (permission_denied, target_gone).
  virtual Result<void> read_many(std::span<ReadRequest> requests) const = 0;

  template <typename T>
  Result<T> read_value(RemoteAddress from) const {
    static_assert(std::is_trivially_copyable_v<T>);
    T value;
    PROCTOR_TRY_VOID(read(from, std::as_writable_bytes(std::span{&value, 1})));
    return value;
  }

  /// `size` bytes as text. limit_reached above 1 MiB.
  Result<std::string> read_text(RemoteAddress from, std::uint64_t size) const;
};

}  // namespace proctor
