#include "collectors/goroutines/heap_history.h"

#include <fmt/format.h>

#include <utility>

#include "base/hash.h"
#include "collectors/go/user_code.h"

namespace proctor {
HeapStack HeapHistory::stack_of(const std::vector<RemoteAddress>& pcs) {
  // There is an address for each inlined call; the innermost one tells them all.
  HeapStack stack;
  for (std::size_t i = 0; i < pcs.size(); ++i) {
    const FrameCache::Frames calls = frames_.at(pcs[i] - 1);
    if (calls->empty()) continue;
    stack.calls.push_back(calls);
    for (std::size_t outer = 1; outer < calls->size() && i + 1 < pcs.size(); ++outer) {
      if ((*calls)[outer].wrapper) continue;
      const FrameCache::Frames next = frames_.at(pcs[i + 1] - 1);
      if (next->empty() || next->front().frame.function != (*calls)[outer].frame.function) break;
      ++i;
    }
  }
  return stack;
}

std::uint32_t HeapHistory::site_of(const HeapStack& stack) {
  Site site{.reason = "heap"};
  for (const FrameCache::Frames& calls : stack.calls) {
    for (const GoFrame& call : *calls) {
      if (!call.wrapper) site.frames.push_back(call.frame);
    }
  }
  if (const Frame* user = user_frame(site.frames)) site.user = *user;
  if (const auto* module = module_of(process_->dependencies(), site.user.function)) {
    site.module = fmt::format("{}@{}", module->path, module->version);
  }
  identify(site);
  const auto [place, is_new] = known_sites_.try_emplace(site.id, static_cast<std::uint32_t>(sites_.size()));
  if (is_new) sites_.push_back(std::make_shared<const Site>(std::move(site)));
  return place->second;
}

void HeapHistory::name_new() {
  for (std::size_t i = samples_.size(); i < buckets_.buckets().size(); ++i) {
    const std::vector<RemoteAddress>& pcs = buckets_.stack(i);
    StableHash hash;
    for (const RemoteAddress pc : pcs) hash.add(number(pc));
    const auto [place, is_new] = known_stacks_.try_emplace(hash.value(), static_cast<std::uint32_t>(stacks_.size()));
    HeapSample sample{.stack = place->second};
    if (is_new) {
      HeapStack stack = stack_of(pcs);
      sample.site = site_of(stack);
      stacks_.push_back(std::make_shared<const HeapStack>(std::move(stack)));
      sites_of_stacks_.push_back(sample.site);
    } else {
      sample.site = sites_of_stacks_[sample.stack];
    }
    samples_.push_back(sample);
  }
}

Result<std::shared_ptr<const HeapSnapshot>> HeapHistory::look(std::uint64_t collections) {
  // The counts of a collection are summed up a moment after it has ended, so that they are read once more after it.
  const bool same = last_ && collections != 0 && collections == collections_ && collections == collections_before_;
  if (same) return last_;
  PROCTOR_TRY_VOID(buckets_.read());
  collections_before_ = std::exchange(collections_, collections);
  name_new();
  for (std::size_t i = 0; i < samples_.size(); ++i) samples_[i].bucket = buckets_.buckets()[i];
  auto snapshot = std::make_shared<HeapSnapshot>();
  snapshot->sampling_rate = buckets_.sampling_rate();
  snapshot->sites = sites_;
  snapshot->stacks = stacks_;
  snapshot->samples = samples_;
  last_ = snapshot;
  return last_;
}

}  // namespace proctor
