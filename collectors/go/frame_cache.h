#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "collectors/go/function_table.h"

namespace proctor {

/// The frames at an instruction, named once. Bounded: past the limit it begins anew.
class FrameCache {
 public:
  using Frames = std::shared_ptr<const std::vector<GoFrame>>;

  /// `functions` outlives it.
  explicit FrameCache(const FunctionTable& functions) : functions_(&functions) {}

  /// Inlined calls expanded, innermost first; none where no function is known. For a return address give the address
  /// minus one. Valid until the next call.
  const Frames& at(RemoteAddress pc);

 private:
  static constexpr std::size_t kMost = 50'000;

  const FunctionTable* functions_;
  std::unordered_map<std::uint64_t, Frames> frames_;  // by address
};

}  // namespace proctor
