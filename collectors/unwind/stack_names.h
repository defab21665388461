#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "collectors/sites/site.h"
#include "collectors/unwind/unwinder.h"

namespace proctor {

/// A stack with its names. Shared by all threads that stand there, of whichever process.
struct NamedStack {
  std::vector<Frame> frames;  // innermost first
  Frame user;                 // the first that is not of the C or C++ library; no function where all are
  StackEnd end = StackEnd::complete;
};

/// Names stacks, each once for all who stand there. Not for two threads.
class StackNames {
 public:
  /// One for each of `stacks`, in their order; null for one without a frame.
  std::vector<std::shared_ptr<const NamedStack>> name(std::span<const NativeStack> stacks);

 private:
  std::shared_ptr<const NamedStack> named(const NativeStack& stack);

  std::unordered_map<std::uint64_t, std::weak_ptr<const NamedStack>> known_;  // hash of files and addresses
  std::size_t sweep_at_ = 1024;
};

/// Why a stack has no further frame, in a word; empty where it is complete.
std::string_view to_string(StackEnd end);

/// The first frame, from the innermost outwards, that is not of the C library, the C++ standard library, the loader or
/// the JVM. `files` names the file of each. nullptr where all are.
const Frame* native_user_frame(std::span<const Frame> frames, std::span<const std::string_view> files);

}  // namespace proctor
