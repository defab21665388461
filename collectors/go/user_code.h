#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/go/build_info.h"
#include "collectors/sites/site.h"

namespace proctor {

/// Tells what the user wrote from what only runs it: the runtime, the standard library, code made by generators, and
/// wrappers, which are libraries that run what was given to them (errgroup, conc, ants, gRPC).
class UserCode {
 public:
  UserCode() = default;
  /// `wrappers`: paths of packages that are such for this program, beside those that are known; what stands within them
  /// is too.
  explicit UserCode(std::vector<std::string> wrappers) : wrappers_(std::move(wrappers)) {}

  /// The first frame, from the innermost outwards, that the user wrote. Where there is none, the first of a wrapper;
  /// then the outermost that is neither runtime, sync nor internal, which is what the standard library started; else
  /// the innermost. nullptr for no frames.
  const Frame* user_frame(std::span<const Frame> frames) const;
  bool is_users(const Frame& frame) const;
  /// Whether a goroutine that was created in this function was given what it runs: by a wrapper, or by package sync.
  bool starts_for_others(std::string_view function) const;

 private:
  bool is_wrapper(std::string_view package) const;

  std::vector<std::string> wrappers_;
};

/// Whether a function belongs to the runtime, which profiles hide where a stack begins with it.
bool is_runtime_function(std::string_view name);

/// Whether a function is of the standard library, as far as its package's path tells.
bool is_standard_library(std::string_view function);

/// The function that a function literal stands in: "main.fanOut" of "main.fanOut.func1", and that of
/// "main.fanOut.func1.2", which is a literal itself; empty for any other.
std::string_view enclosing_function(std::string_view function);

/// The module, of those given, that a function comes from: the one with the longest path that its package is within.
/// nullptr for the main module's and the standard library's.
const GoModuleVersion* module_of(std::span<const GoModuleVersion> modules, std::string_view function);

/// Whether runtime.NumGoroutine leaves out a goroutine that began in this function.
bool is_system_goroutine(std::string_view start_function);

}  // namespace proctor
