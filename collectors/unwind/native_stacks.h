#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "collectors/os/proc_root.h"
#include "collectors/os/process_memory.h"
#include "collectors/os/running_threads.h"
#include "collectors/os/thread_files.h"
#include "collectors/unwind/code_files.h"
#include "collectors/unwind/stack_names.h"
#include "collectors/unwind/unwinder.h"

namespace proctor {

/// A thread that sleeps in a system call, and how often it had run before it was seen to.
struct BlockedThread {
  Tid tid{};
  SchedStat sched;
  ThreadSystemCall call;
};

/// The stacks of threads, without stopping them. Not for two threads.
class NativeStacks {
 public:
  /// Of threads that sleep: their stack pointer stands in /proc, and what was read is whole if they have not run
  /// meanwhile. One for each of `threads`, in their order; null for one that ran.
  /// Errors: permission_denied, target_gone, and others where the process cannot be read at all.
  Result<std::vector<std::shared_ptr<const NamedStack>>> read(const ProcDir& process,
                                                              std::span<const BlockedThread> threads);
  /// Of threads that the kernel copied as they ran; likewise.
  Result<std::vector<std::shared_ptr<const NamedStack>>> name(const ProcDir& process,
                                                              std::span<const ThreadCopy> copies);

 private:
  CodeFiles files_;
  Unwinder unwinder_;
  StackNames names_;
};

}  // namespace proctor
