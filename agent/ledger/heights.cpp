#include "agent/ledger/heights.h"

#include <algorithm>

namespace proctor {

void Heights::note(std::uint32_t period, std::uint64_t members) {
  const std::uint32_t begin = period - (period - 1) % kPeriodsEach;  // they are numbered from 1
  if (heights_.empty() || heights_.back().period != begin) {
    std::erase_if(heights_, [begin](const Height& height) { return height.period + Cohorts::kWholePeriods < begin; });
    heights_.push_back({.period = begin});
  }
  heights_.back().most = std::max(heights_.back().most, members);
}

}  // namespace proctor
