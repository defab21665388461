#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/address.h"
#include "collectors/go/function_table.h"
#include "collectors/go/goroutine_reader.h"

namespace proctor {

/// Whether the runtime puts calls of this function into others, as it does on a fault and to preempt: its caller called
/// nothing, but stands at the instruction where it was interrupted.
bool interrupts_its_caller(std::string_view function);

/// Turns copied stacks of goroutines into return addresses. Keeps what the function table said of an instruction,
/// since the goroutines of a process stand at few.
class StackWalker {
 public:
  static constexpr std::size_t kMaxFrames = 128;

  explicit StackWalker(const FunctionTable& functions) : functions_(functions) {}

  /// Program counters of the goroutine's frames, innermost first, without runtime.goexit. The first is exact, all
  /// others are return addresses, or one more than where a frame was interrupted, as runtime.Callers has it. False
  /// where the bytes make no sense before the stack's end: then they are not of one moment, or not laid out as we know
  /// it, and `pcs` has what came before.
  bool walk(const CapturedGoroutine& captured, std::vector<RemoteAddress>& pcs);
  /// Where the last walk ended: the return into runtime.goexit or its kin; 0 where it got no further.
  RemoteAddress end() const { return end_; }

 private:
  struct CodePoint {
    bool known = false;  // stands in a Go function
    bool ends_stack = false;
    bool interrupts = false;  // see interrupts_its_caller
    std::uint64_t depth = 0;
    bool has_depth = false;
  };
  /// A few instructions are asked for again and again: they are kept where one comparison finds them.
  struct Recent {
    std::uint64_t key = 0;
    const CodePoint* point = nullptr;
  };
  static constexpr std::size_t kRecent = 1024;
  struct Caller {
    RemoteAddress pc{};
    RemoteAddress frame{};  // what its frame pointer was; 0 for none
  };

  const CodePoint& code_point(RemoteAddress pc, bool return_address);
  const CodePoint& look_up(std::uint64_t key, RemoteAddress pc, bool return_address);
  /// Who called the function that stands at `point` with these registers; nothing where its stack is not at hand.
  static std::optional<Caller> caller_of(const CapturedGoroutine& captured, const CodePoint& point, RemoteAddress sp,
                                         RemoteAddress bp);
  bool walk_by_depth(const CapturedGoroutine& captured, RemoteAddress sp, std::vector<RemoteAddress>& pcs);

  const FunctionTable& functions_;
  RemoteAddress end_{};
  std::unordered_map<std::uint64_t, CodePoint> code_points_;
  std::array<Recent, kRecent> recent_{};
};

}  // namespace proctor
