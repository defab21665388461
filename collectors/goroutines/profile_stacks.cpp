#include "collectors/goroutines/profile_stacks.h"

#include "base/hash.h"
#include "collectors/go/user_code.h"

namespace proctor {
namespace {

/// Who records a stack leaves wrappers out; where frame pointers lead through one it is in, and the runtime shows it.
FrameCache::Frames with_wrapper(std::vector<GoFrame> calls) {
  calls.front().wrapper = false;
  return std::make_shared<const std::vector<GoFrame>>(std::move(calls));
}

}  // namespace

bool ProfileStacks::returns_to_runtime(RemoteAddress pc) {
  const FrameCache::Frames& there = frames_.at(pc);
  return !there->empty() && is_runtime_function(there->front().frame.function);
}

ProfiledStack ProfileStacks::name(const std::vector<RemoteAddress>& pcs) {
  ProfiledStack stack;
  bool hidden = true;
  const auto begin_to_show = [&](RemoteAddress pc, std::size_t frame, std::size_t call) {
    if (!hidden || returns_to_runtime(pc)) return;
    hidden = false;
    stack.shown_frame = frame;
    stack.shown_call = call;
  };
  // There may be an address for each inlined call; the innermost one tells them all.
  for (std::size_t i = 0; i < pcs.size(); ++i) {
    begin_to_show(pcs[i], stack.calls.size(), 0);
    const FrameCache::Frames calls = frames_.at(pcs[i] - 1);
    if (calls->empty()) continue;
    stack.calls.push_back(calls->front().wrapper ? with_wrapper(*calls) : calls);
    for (std::size_t outer = 1; outer < calls->size() && i + 1 < pcs.size(); ++outer) {
      if ((*calls)[outer].wrapper) continue;
      const FrameCache::Frames next = frames_.at(pcs[i + 1] - 1);
      if (next->empty() || next->front().frame.function != (*calls)[outer].frame.function) break;
      ++i;
      begin_to_show(pcs[i], stack.calls.size() - 1, outer);
    }
  }
  return stack;
}

std::uint32_t ProfileStacks::index_of(const std::vector<RemoteAddress>& pcs) {
  StableHash hash;
  for (const RemoteAddress pc : pcs) hash.add(number(pc));
  const auto [place, is_new] = known_.try_emplace(hash.value(), static_cast<std::uint32_t>(stacks_.size()));
  if (is_new) stacks_.push_back(std::make_shared<const ProfiledStack>(name(pcs)));
  return place->second;
}

}  // namespace proctor
