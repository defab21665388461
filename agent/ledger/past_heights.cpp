#include "agent/ledger/past_heights.h"

#include <algorithm>

namespace proctor {

void PastHeights::close_slot() {
  // The last slots stand by themselves, since what is asked for begins among them.
  recent_.push_back({.begin = *slot_begin_, .end = slot_end_, .highest = floor_});
  constexpr std::size_t kApart = 8;
  if (recent_.size() <= kApart) return;
  const Block oldest = recent_.front();
  recent_.erase(recent_.begin());
  if (blocks_.empty() || oldest.end - blocks_.back().begin > kSlots * slot_) {
    if (blocks_.size() == kBlocks) blocks_.erase(blocks_.begin());
    blocks_.push_back(oldest);
    return;
  }
  blocks_.back().end = oldest.end;
  blocks_.back().highest = std::max(blocks_.back().highest, oldest.highest);
}

void PastHeights::add(MonotonicTime at, double value) {
  if (slot_begin_ && at - *slot_begin_ >= slot_) {
    close_slot();
    slot_begin_.reset();
  }
  if (!slot_begin_) {
    slot_begin_ = at;
    floor_ = value;
  }
  slot_end_ = at;
  floor_ = std::min(floor_, value);
}

std::optional<double> PastHeights::highest_before(MonotonicTime at) const {
  std::optional<double> highest;
  for (const auto* blocks : {&blocks_, &recent_}) {
    for (const Block& block : *blocks) {
      if (block.end <= at) highest = std::max(highest.value_or(block.highest), block.highest);
    }
  }
  return highest;
}

}  // namespace proctor
