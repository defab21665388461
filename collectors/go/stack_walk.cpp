#include "collectors/go/stack_walk.h"

#include "base/byte_cursor.h"

namespace proctor {
namespace {

constexpr std::size_t kMaxCodePoints = 100'000;
constexpr std::uint64_t kWord = 8;
constexpr RemoteAddress kNoFrame{0};

std::optional<RemoteAddress> word_at(const CapturedGoroutine& captured, RemoteAddress address) {
  if (address < captured.goroutine.sp) return std::nullopt;
  return load<RemoteAddress>(captured.stack, address - captured.goroutine.sp);
}

}  // namespace

bool interrupts_its_caller(std::string_view function) {
  return function == "runtime.sigpanic" || function == "runtime.asyncPreempt";
}

const StackWalker::CodePoint& StackWalker::code_point(RemoteAddress pc, bool return_address) {
  const std::uint64_t key = number(pc) << 1 | (return_address ? 1U : 0U);
  Recent& recent = recent_[(key ^ (key >> 11)) % kRecent];
  if (recent.point == nullptr || recent.key != key) recent = {key, &look_up(key, pc, return_address)};
  return *recent.point;
}

const StackWalker::CodePoint& StackWalker::look_up(std::uint64_t key, RemoteAddress pc, bool return_address) {
  if (const auto known = code_points_.find(key); known != code_points_.end()) return known->second;
  if (code_points_.size() >= kMaxCodePoints) {
    code_points_.clear();
    recent_.fill({});
  }
  CodePoint point;
  // A return address may be the first byte of the next function.
  const RemoteAddress inside = return_address ? pc - 1 : pc;
  if (const auto function = functions_.function_at(inside)) {
    point.known = true;
    const auto name = functions_.name_of(*function);
    point.ends_stack = name && (*name == "runtime.goexit" || *name == "runtime.mstart" || *name == "runtime.rt0_go");
    point.interrupts = name && interrupts_its_caller(*name);
    if (const auto depth = functions_.stack_depth_at(inside)) {
      point.has_depth = true;
      point.depth = *depth;
    }
  }
  return code_points_.emplace(key, point).first->second;
}

bool StackWalker::walk(const CapturedGoroutine& captured, std::vector<RemoteAddress>& pcs) {
  pcs.clear();
  end_ = RemoteAddress{};
  const RawGoroutine& g = captured.goroutine;
  // Of a long stack only the innermost part was copied: it may end anywhere.
  const bool whole = captured.stack.size() == g.stack.end - g.sp;
  const CodePoint first = code_point(g.pc, false);
  if (!first.known) return false;
  pcs.push_back(g.pc);
  if (first.ends_stack) return true;
  if (!first.has_depth) return false;
  if (!g.has_frame_pointer) return walk_by_depth(captured, g.sp, pcs) || !whole;
  auto caller = caller_of(captured, first, g.sp, g.bp);
  if (!caller) return !whole;
  while (pcs.size() < kMaxFrames) {
    const CodePoint point = code_point(caller->pc, true);
    if (point.ends_stack) {
      end_ = caller->pc;
      return true;
    }
    if (!point.known) return false;
    pcs.push_back(caller->pc);
    if (caller->frame == kNoFrame) return true;
    const auto next_pc = word_at(captured, caller->frame + kWord);
    const auto next_frame = word_at(captured, caller->frame);
    if (!next_pc || !next_frame) return !whole;
    if (!point.interrupts) {
      // Frames rise towards the stack's end; where one does not, its caller is the last that is sure.
      caller = Caller{.pc = *next_pc, .frame = *next_frame > caller->frame ? *next_frame : kNoFrame};
      continue;
    }
    const CodePoint interrupted = code_point(*next_pc, false);
    if (!interrupted.known || !interrupted.has_depth) return false;
    if (interrupted.ends_stack) {
      end_ = *next_pc;
      return true;
    }
    pcs.push_back(*next_pc + 1);
    caller = caller_of(captured, interrupted, caller->frame + 2 * kWord, *next_frame);
    if (!caller) return !whole;
  }
  return true;
}

std::optional<StackWalker::Caller> StackWalker::caller_of(const CapturedGoroutine& captured, const CodePoint& point,
                                                          RemoteAddress sp, RemoteAddress bp) {
  // By its depth, since a function may be interrupted before it saved a frame pointer, or save none.
  const auto return_to = word_at(captured, sp + point.depth);
  if (!return_to) return std::nullopt;
  const bool saved = point.depth >= kWord && bp == sp + (point.depth - kWord);
  return Caller{.pc = *return_to, .frame = saved ? word_at(captured, bp).value_or(kNoFrame) : bp};
}

bool StackWalker::walk_by_depth(const CapturedGoroutine& captured, RemoteAddress sp, std::vector<RemoteAddress>& pcs) {
  CodePoint point = code_point(pcs.front(), false);
  while (pcs.size() < kMaxFrames && point.has_depth) {
    const auto pc = word_at(captured, sp + point.depth);
    if (!pc) return false;
    sp = sp + point.depth + kWord;
    const bool interrupted = point.interrupts;
    point = code_point(*pc, !interrupted);
    if (point.ends_stack) {
      end_ = *pc;
      return true;
    }
    if (!point.known) return false;
    pcs.push_back(interrupted ? *pc + 1 : *pc);
  }
  return true;
}

}  // namespace proctor
