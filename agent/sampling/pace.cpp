#include "agent/sampling/pace.h"

#include <algorithm>
#include <numeric>

namespace proctor {

void Pace::record(MonotonicTime now, Nanoseconds cpu) {
  rounds_.push_back({now, cpu});
  while (rounds_.size() > 1 && rounds_.front().end < now - std::chrono::minutes{1}) rounds_.pop_front();
}

Nanoseconds Pace::mean_cost() const {
  if (rounds_.empty()) return Nanoseconds{0};
  const auto sum = std::accumulate(rounds_.begin(), rounds_.end(), Nanoseconds{0},
                                   [](Nanoseconds total, const Round& round) { return total + round.cpu; });
  return sum / static_cast<std::int64_t>(rounds_.size());
}

Nanoseconds Pace::period() const {
  const auto affordable = std::chrono::duration<double>(seconds(mean_cost()) / budget_);
  return std::max(interval_, std::chrono::duration_cast<Nanoseconds>(affordable));
}

double Pace::used_ratio() const { return seconds(mean_cost()) / seconds(period()) / budget_; }

}  // namespace proctor
