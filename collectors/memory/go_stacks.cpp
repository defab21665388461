#include "collectors/memory/go_stacks.h"

#include <utility>

#include "base/hash.h"

namespace proctor {

GoStacks::GoStacks(GoProcess process, UserCode user_code)
    : process_(std::make_unique<const GoProcess>(std::move(process))),
      user_code_(std::move(user_code)),
      walker_(process_->functions()),
      frames_(process_->functions()) {}

Result<std::vector<std::shared_ptr<const NamedStack>>> GoStacks::name(const ProcDir& process,
                                                                      std::span<const ThreadCopy> copies,
                                                                      const NameStacks& native) {
  std::vector<std::shared_ptr<const NamedStack>> stacks(copies.size());
  std::vector<ThreadCopy> others;
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < copies.size(); ++i) {
    if (walk(copies[i])) {
      stacks[i] = named();
    } else {
      others.push_back(copies[i]);
      indices.push_back(i);
    }
  }
  if (others.empty()) return stacks;
  const auto named_by_native = PROCTOR_TRY(native(process, others));
  for (std::size_t i = 0; i < indices.size(); ++i) stacks[indices[i]] = named_by_native[i];
  return stacks;
}

bool GoStacks::walk(const ThreadCopy& copy) {
  constexpr std::size_t kFramePointer = 6;
  CapturedGoroutine captured;
  captured.stack = copy.stack;
  captured.goroutine.pc = copy.registers.program_counter();
  captured.goroutine.sp = copy.registers.stack_pointer();
  captured.goroutine.bp = RemoteAddress{copy.registers.values[kFramePointer]};
  captured.goroutine.has_frame_pointer = true;
  // Where the goroutine's stack ends is not known: more than was copied may follow.
  captured.goroutine.stack = {captured.goroutine.sp, captured.goroutine.sp + copy.stack.size() + 1};
  walker_.walk(captured, pcs_);
  return !pcs_.empty();
}

std::shared_ptr<const NamedStack> GoStacks::named() {
  StableHash hash;
  for (const RemoteAddress pc : pcs_) hash.add(number(pc));
  if (known_.size() >= kMostKept) known_.clear();
  std::shared_ptr<const NamedStack>& known = known_[hash.value()];
  if (known) return known;
  auto stack = std::make_shared<NamedStack>();
  for (std::size_t i = 0; i < pcs_.size(); ++i) {
    // The innermost is where the thread ran, all others are return addresses.
    for (const GoFrame& call : *frames_.at(i == 0 ? pcs_[i] : pcs_[i] - 1)) {
      if (!call.wrapper) stack->frames.push_back(call.frame);
    }
  }
  if (const Frame* user = user_code_.user_frame(stack->frames)) stack->user = *user;
  stack->end = walker_.end() == RemoteAddress{} ? StackEnd::too_deep : StackEnd::complete;
  known = std::move(stack);
  return known;
}

}  // namespace proctor
