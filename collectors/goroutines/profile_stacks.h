#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/address.h"
#include "collectors/go/frame_cache.h"
#include "collectors/observation/profiled_stack.h"

namespace proctor {

/// The named stacks of one of the runtime's profiles over many looks: each is named once.
class ProfileStacks {
 public:
  /// `functions` outlives it.
  explicit ProfileStacks(const FunctionTable& functions) : frames_(functions) {}

  /// Which of `all` it is; a new one is the last of them. `pcs`: return addresses, innermost first.
  std::uint32_t index_of(const std::vector<RemoteAddress>& pcs);
  const std::vector<std::shared_ptr<const ProfiledStack>>& all() const { return stacks_; }

 private:
  /// What runtime/pprof hides goes by where a call returns to, which inlining may make another function than the
  /// call's.
  bool returns_to_runtime(RemoteAddress pc);
  ProfiledStack name(const std::vector<RemoteAddress>& pcs);

  FrameCache frames_;
  std::vector<std::shared_ptr<const ProfiledStack>> stacks_;
  std::unordered_map<std::uint64_t, std::uint32_t> known_;  // by a hash of the addresses
};

}  // namespace proctor
