#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "collectors/go/goroutine_reader.h"

namespace proctor {

/// A goroutine that waits for the network, and the word of its stack that should lead to what it waits for.
struct PollWait {
  RemoteAddress goroutine{};
  RemoteAddress descriptor{};  // runtime.pollDesc
};

/// Finds the descriptors of goroutines in "IO wait". Where the word stands is learned from the first of a stack, so
/// that the others cost one word each.
class PollFinder {
 public:
  explicit PollFinder(const GoProcess& process) : process_(process) {}

  /// The word that should be the address of a runtime.pollDesc; nothing where none is known. `index` is the stack's.
  std::optional<PollWait> find(const CapturedGoroutine& captured, std::uint32_t index);
  /// The number of each descriptor; nothing where that goroutine does not wait there.
  std::vector<std::optional<std::int32_t>> read(std::span<const PollWait> waits) const;
  /// The indices of stacks begin anew.
  void forget() { offsets_.clear(); }

 private:
  std::optional<std::uint64_t> learn(const CapturedGoroutine& captured) const;

  const GoProcess& process_;
  std::map<std::uint32_t, std::optional<std::uint64_t>> offsets_;  // from the stack pointer, by stack
};

}  // namespace proctor
