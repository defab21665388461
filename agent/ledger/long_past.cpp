#include "agent/ledger/long_past.h"

#include <algorithm>

namespace proctor {

void LongPast::note(std::uint64_t window, std::uint64_t members, std::uint64_t departed) {
  if (windows_.empty() || window > current_) {
    // A window without a look was as the one after it.
    windows_.push_back({.fewest = members, .departed = 0});
    if (windows_.size() > kMostWindows + 1) windows_.erase(windows_.begin());
    current_ = window;
  }
  Window& last = windows_.back();
  last.fewest = std::min(last.fewest, members);
  last.departed += departed;
}

std::vector<LongPast::Window> LongPast::ended() const {
  if (windows_.empty()) return {};
  return {windows_.begin(), windows_.end() - 1};
}

}  // namespace proctor
