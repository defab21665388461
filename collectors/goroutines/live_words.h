#pragma once

#include <cstdint>
#include <vector>

#include "collectors/go/function_table.h"
#include "collectors/observation/goroutine_snapshot.h"

namespace proctor {

/// A word of a goroutine's stack that holds a live pointer.
struct LiveWord {
  std::uint64_t offset = 0;  // from the stack pointer
  std::uint32_t call = 0;    // index into GoroutineStack::calls: in whose frame it lies
};

/// Those of a goroutine that stands there, innermost frames first; the frames of the runtime itself, which holds some
/// while it parks a goroutine, are left out. Ends where the program's tables say no more.
std::vector<LiveWord> live_words(const FunctionTable& functions, const GoroutineStack& stack);

}  // namespace proctor
