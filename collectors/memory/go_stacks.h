#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "collectors/go/frame_cache.h"
#include "collectors/go/go_process.h"
#include "collectors/go/stack_walk.h"
#include "collectors/go/user_code.h"
#include "collectors/memory/growth_history.h"
#include "collectors/os/running_threads.h"
#include "collectors/unwind/stack_names.h"

namespace proctor {

/// Names the stacks of goroutines that the kernel copied while a thread ran them.
class GoStacks {
 public:
  GoStacks(GoProcess process, UserCode user_code);

  /// As a NameStacks. `native` names those that did not run Go code.
  Result<std::vector<std::shared_ptr<const NamedStack>>> name(const ProcDir& process,
                                                              std::span<const ThreadCopy> copies,
                                                              const NameStacks& native);

 private:
  static constexpr std::size_t kMostKept = 10'000;

  bool walk(const ThreadCopy& copy);
  std::shared_ptr<const NamedStack> named();

  std::unique_ptr<const GoProcess> process_;
  UserCode user_code_;
  StackWalker walker_;
  FrameCache frames_;
  std::vector<RemoteAddress> pcs_;                                              // of the stack that is being named
  std::unordered_map<std::uint64_t, std::shared_ptr<const NamedStack>> known_;  // by hash of the addresses
};

}  // namespace proctor
