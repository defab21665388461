#include "collectors/go/frame_cache.h"

namespace proctor {

const FrameCache::Frames& FrameCache::at(RemoteAddress pc) {
  if (const auto known = frames_.find(number(pc)); known != frames_.end()) return known->second;
  if (frames_.size() >= kMost) frames_.clear();
  auto frames = functions_->frames_at(pc).value_or(std::vector<GoFrame>{});
  return frames_.emplace(number(pc), std::make_shared<const std::vector<GoFrame>>(std::move(frames))).first->second;
}

}  // namespace proctor
