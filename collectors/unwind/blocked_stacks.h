#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "collectors/os/proc_root.h"
#include "collectors/os/process_memory.h"
#include "collectors/os/thread_files.h"
#include "collectors/sites/site.h"
#include "collectors/unwind/code_files.h"
#include "collectors/unwind/unwinder.h"

namespace proctor {

/// A stack with its names. Shared by all threads that stand there, of whichever process.
struct NamedStack {
  std::vector<Frame> frames;  // innermost first
  Frame user;                 // the first that is not of the C or C++ library; no function where all are
  StackEnd end = StackEnd::complete;
};

/// A thread that sleeps in a system call, and how often it had run before it was seen to.
struct BlockedThread {
  Tid tid{};
  SchedStat sched;
  ThreadSystemCall call;
};

/// Reads the stacks of threads that sleep, without stopping them: their stack pointer stands in /proc, and what was
/// read is whole if they have not run meanwhile. Not for two threads.
class BlockedStacks {
 public:
  /// One for each of `threads`, in their order; null for one that ran meanwhile.
  /// Errors: permission_denied, target_gone, and others where the process cannot be read at all.
  Result<std::vector<std::shared_ptr<const NamedStack>>> read(const ProcDir& process,
                                                              std::span<const BlockedThread> threads);

 private:
  std::shared_ptr<const NamedStack> named(const NativeStack& stack);

  CodeFiles files_;
  Unwinder unwinder_;
  std::unordered_map<std::uint64_t, std::weak_ptr<const NamedStack>> known_;  // hash of files and addresses
  std::size_t sweep_at_ = 1024;
};

/// Why a stack has no further frame, in a word; empty where it is complete.
std::string_view to_string(StackEnd end);

/// The first frame, from the innermost outwards, that is not of the C library, the C++ standard library, the loader or
/// the JVM. `files` names the file of each. nullptr where all are.
const Frame* native_user_frame(std::span<const Frame> frames, std::span<const std::string_view> files);

}  // namespace proctor
