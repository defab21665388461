#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "collectors/go/context_deadline.h"
#include "collectors/go/goroutine_reader.h"
#include "collectors/observation/goroutine_snapshot.h"

namespace proctor {

/// Finds the contexts that blocked goroutines hold: in words of their stacks that the program will still use, as the
/// stack maps of its own collector say, in the variables that their functions captured, and in the http.Request that
/// they work on. Where they stand is learned from the first goroutine of a stack, so that the others cost a word or a
/// few.
class ContextFinder {
 public:
  explicit ContextFinder(const GoProcess& process) : process_(process), types_(ContextTypes::find(process)) {}

  /// The context that a goroutine on this stack holds: the innermost function's, where several do. Nothing for none.
  /// `index` is the stack's, by which it is known again.
  std::optional<ContextRef> find(const CapturedGoroutine& captured, std::uint32_t index, const GoroutineStack& stack);
  const ContextTypes& types() const { return types_; }
  /// The indices of stacks begin anew.
  void forget() { sources_.clear(); }

 private:
  enum class Shape : std::uint8_t { interface_value, pointer, within };
  struct Source {
    Shape shape{};
    std::uint64_t offset = 0;  // from the stack pointer to the word that holds the address
    /// From the struct at that address to a word that holds the address of the next, and so on.
    std::vector<std::uint64_t> steps;
    std::uint64_t within = 0;  // the last struct: to the interface value
  };

  std::optional<Source> learn(const CapturedGoroutine& captured, const GoroutineStack& stack) const;
  /// What the live word at `offset` from the stack pointer leads to, which lies in the frame of `function`.
  std::optional<Source> source_at(const CapturedGoroutine& captured, std::uint64_t offset,
                                  const GoFrame& function) const;
  std::optional<Source> request_at(const CapturedGoroutine& captured, std::uint64_t offset,
                                   const GoFrame& function) const;
  /// Whether a function object with this code is that of the function, or of a literal in it, as one that it defers.
  bool is_object_of(RemoteAddress code, const GoFrame& function) const;
  /// Where the interface value stands in what looks like an http.Request.
  std::optional<std::uint64_t> context_of_request(RemoteAddress request) const;
  /// Likewise, in what looks like the stream of a call that gRPC's server serves.
  std::optional<std::uint64_t> context_of_call(RemoteAddress stream) const;

  const GoProcess& process_;
  ContextTypes types_;
  std::map<std::uint32_t, std::optional<Source>> sources_;  // by stack
};

}  // namespace proctor
