#include "collectors/goroutines/live_words.h"

namespace proctor {

std::vector<LiveWord> live_words(const FunctionTable& functions, const GoroutineStack& stack) {
  std::vector<LiveWord> words;
  constexpr std::uint64_t kWord = 8;
  std::uint64_t sp = 0;
  for (std::uint32_t i = 0; i < stack.calls.size(); ++i) {
    const std::vector<GoFrame>& calls = *stack.calls[i];
    if (calls.empty()) return words;
    const RemoteAddress at = calls.front().pc - 1;
    const auto depth = functions.stack_depth_at(at);
    if (!depth) return words;
    const std::uint64_t end = sp + *depth + kWord;
    // What the runtime holds while it parks a goroutine is not the program's.
    if (!calls.back().frame.function.starts_with("runtime.")) {
      const auto live = functions.live_pointers_at(at).value_or(std::vector<std::int64_t>{});
      for (const std::int64_t distance : live) {
        words.push_back({.offset = end + static_cast<std::uint64_t>(distance), .call = i});
      }
    }
    sp = end;
  }
  return words;
}

}  // namespace proctor
