#include "agent/ledger/cohorts.h"

#include <algorithm>

namespace proctor {
namespace {

bool is_before(const Cohorts::Period& period, std::uint32_t number) { return period.number < number; }

}  // namespace

Cohorts::Period* Cohorts::find(std::uint32_t number) {
  const auto place = std::lower_bound(periods_.begin(), periods_.end(), number, is_before);
  return place != periods_.end() && place->number == number ? &*place : nullptr;
}

Cohorts::Period& Cohorts::find_or_add(std::uint32_t number, std::uint32_t now) {
  if (Period* const period = find(number)) return *period;
  periods_.erase(periods_.begin(), std::find_if(periods_.begin(), periods_.end(), [now](const Period& period) {
                   return within_window(period.number, now);
                 }));
  const auto place = std::lower_bound(periods_.begin(), periods_.end(), number, is_before);
  return *periods_.insert(place, Period{.number = number});
}

void Cohorts::arrive(std::uint32_t now) {
  Period& period = find_or_add(now, now);
  ++period.arrived;
  ++period.alive;
}

void Cohorts::depart(std::uint32_t born, std::uint32_t now) {
  if (!within_window(born, now)) {
    ++find_or_add(now, now).old_departed;
  } else if (Period* const period = find(born); period != nullptr && period->alive > 0) {
    --period->alive;
  }
}

void Cohorts::adopt(Cohorts& from, std::uint32_t born, std::uint32_t now) {
  if (!within_window(born, now)) return;
  Period* const there = from.find(born);
  if (there == nullptr || there->alive == 0 || there->arrived == 0) return;
  --there->arrived;
  --there->alive;
  Period& here = find_or_add(born, now);
  ++here.arrived;
  ++here.alive;
}

void Cohorts::adopt_all(const Cohorts& from, std::uint32_t now) {
  for (const Period& there : from.periods_) {
    if (!within_window(there.number, now)) continue;
    Period& here = find_or_add(there.number, now);
    here.arrived += there.arrived;
    here.alive += there.alive;
    here.old_departed += there.old_departed;
  }
}

std::vector<Cohorts::Period> Cohorts::at(std::uint32_t now) const {
  std::vector<Period> window;
  for (const Period& period : periods_) {
    if (within_window(period.number, now)) window.push_back(period);
  }
  return window;
}

}  // namespace proctor
