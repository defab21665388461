#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/address.h"
#include "collectors/go/go_process.h"

namespace proctor {

enum class ContextKind : std::uint8_t { background, cancel, timer, value, without_cancel, other };

/// The implementations of context.Context in a program, by the itab that every such interface value begins with. Those
/// that the linker knows: a context that a library makes itself, and that only a type assertion turns into one, is not
/// among them.
class ContextTypes {
 public:
  static ContextTypes find(const GoProcess& process);

  /// Nothing for a word that is no itab of a context.
  std::optional<ContextKind> kind_of(RemoteAddress itab) const;
  bool empty() const { return kinds_.empty(); }
  /// The itabs of all of them: what the struct of a context begins with, that has a parent.
  std::vector<RemoteAddress> itabs() const;

 private:
  std::unordered_map<std::uint64_t, ContextKind> kinds_;
  std::uint64_t first_ = 0, last_ = 0;  // the lowest and the highest of them
};

}  // namespace proctor
