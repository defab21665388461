#include "collectors/goroutines/cancelled_contexts.h"

#include <algorithm>
#include <utility>

namespace proctor {
namespace {

bool may_wait_in_vain(const GoroutineSample& goroutine) {
  const bool waits = goroutine.state == GoroutineState::waiting || goroutine.state == GoroutineState::syscall ||
                     goroutine.state == GoroutineState::leaked;
  return waits && !goroutine.system && goroutine.context != RemoteAddress{};
}

}  // namespace

std::vector<std::size_t> CancelledContexts::next(const std::vector<GoroutineSample>& goroutines) {
  std::vector<std::size_t> indices;
  const std::size_t passed = std::min(goroutines.size(), kMostPassed);
  for (std::size_t i = 0; i < passed && indices.size() < kMostRead; ++i, ++turn_) {
    if (turn_ >= goroutines.size()) turn_ = 0;
    const GoroutineSample& goroutine = goroutines[turn_];
    if (may_wait_in_vain(goroutine) && !known_.contains(goroutine.goid)) indices.push_back(turn_);
  }
  return indices;
}

std::vector<CancelledWait> CancelledContexts::look(const GoProcess& process, const ContextTypes& types,
                                                   const std::vector<GoroutineSample>& goroutines, WallTime now) {
  const auto before = std::exchange(known_, {});
  std::vector<CancelledWait> waits;
  for (std::size_t i = 0; i < goroutines.size() && !before.empty(); ++i) {
    if (!may_wait_in_vain(goroutines[i])) continue;
    const auto known = before.find(goroutines[i].goid);
    if (known == before.end() || known->second.context != goroutines[i].context ||
        known->second.wait_token != goroutines[i].wait_token || known->second.site != goroutines[i].site) {
      continue;
    }
    known_.insert(*known);
    waits.push_back({.goroutine = static_cast<std::uint32_t>(i), .seen_at = known->second.seen_at});
  }
  const std::vector<std::size_t> indices = next(goroutines);
  std::vector<ContextRef> contexts;
  contexts.reserve(indices.size());
  for (const std::size_t i : indices) {
    contexts.push_back({.data = goroutines[i].context, .kind = goroutines[i].context_kind});
  }
  const auto ends = read_ends(process, types, contexts);
  for (std::size_t i = 0; i < ends.size() && known_.size() < kMostKnown; ++i) {
    if (ends[i] != ContextEnd::cancelled) continue;
    const GoroutineSample& goroutine = goroutines[indices[i]];
    known_.emplace(
        goroutine.goid,
        Known{
            .context = goroutine.context, .wait_token = goroutine.wait_token, .site = goroutine.site, .seen_at = now});
    waits.push_back({.goroutine = static_cast<std::uint32_t>(indices[i]), .seen_at = now});
  }
  std::ranges::sort(waits, {}, &CancelledWait::goroutine);
  return waits;
}

}  // namespace proctor
