#include "agent/ledger/long_past.h"

#include <algorithm>

namespace proctor {

void LongPast::note(std::uint64_t window, const Pair& now) {
  if (windows_.empty() || window > current_) {
    // A window without a look was as the one after it.
    windows_.push_back(now);
    windows_.back().all.departed = windows_.back().old.departed = 0;
    if (windows_.size() > kMostWindows + 1) windows_.erase(windows_.begin());
    current_ = window;
  }
  const auto add = [](Window& last, const Window& more) {
    last.fewest = std::min(last.fewest, more.fewest);
    last.departed += more.departed;
  };
  add(windows_.back().all, now.all);
  add(windows_.back().old, now.old);
}

std::vector<LongPast::Pair> LongPast::ended() const {
  if (windows_.empty()) return {};
  return {windows_.begin(), windows_.end() - 1};
}

}  // namespace proctor
