#include "collectors/goroutines/heap_history.h"

#include <fmt/format.h>

#include <utility>

namespace proctor {

std::uint32_t HeapHistory::site_of(const ProfiledStack& stack) {
  Site site{.reason = "heap"};
  for (const FrameCache::Frames& calls : stack.calls) {
    for (const GoFrame& call : *calls) {
      if (!call.wrapper) site.frames.push_back(call.frame);
    }
  }
  if (const Frame* user = user_code_->user_frame(site.frames)) site.user = *user;
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
    const std::uint32_t stack = stacks_.index_of(buckets_.stack(i));
    if (stack == sites_of_stacks_.size()) sites_of_stacks_.push_back(site_of(*stacks_.all()[stack]));
    samples_.push_back({.site = sites_of_stacks_[stack], .stack = stack, .bucket = {}});
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
  snapshot->stacks = stacks_.all();
  snapshot->samples = samples_;
  last_ = snapshot;
  return last_;
}

}  // namespace proctor
