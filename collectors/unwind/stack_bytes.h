#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/address.h"
#include "collectors/os/memory_reader.h"

namespace proctor {

/// A thread's stack from its stack pointer upwards, copied piece by piece as far as it is needed.
class StackBytes {
 public:
  /// `memory` outlives it. Nothing below `begin` or from `end` on is read.
  StackBytes(const MemoryReader& memory, RemoteAddress begin, RemoteAddress end)
      : memory_(&memory), begin_(begin), end_(end) {}

  /// A copy of the stack from `begin` upwards, beyond which nothing is read.
  StackBytes(RemoteAddress begin, std::span<const std::byte> copy)
      : begin_(begin), end_(begin + copy.size()), bytes_(copy.begin(), copy.end()) {}

  /// The word at an address; nothing outside of the stack, or past kMost bytes of it.
  std::optional<std::uint64_t> word_at(RemoteAddress address);

 private:
  static constexpr std::uint64_t kPiece = 8192;
  static constexpr std::uint64_t kMost = std::uint64_t{1} << 20;

  const MemoryReader* memory_ = nullptr;  // null for a copy
  RemoteAddress begin_;
  RemoteAddress end_;
  std::vector<std::byte> bytes_;
};

}  // namespace proctor
