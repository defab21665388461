#pragma once

#include <deque>

#include "base/units.h"

namespace proctor {

/// Keeps the sampler within its share of one core: tells how long to wait between two rounds.
class Pace {
 public:
  /// `budget` is a share of one core, 0.02 for 2 %.
  Pace(Nanoseconds interval, double budget) : interval_(interval), budget_(budget) {}

  /// A round that used `cpu` ended at `now`.
  void record(MonotonicTime now, Nanoseconds cpu);
  /// From the begin of one round to the begin of the next: the interval, or longer where the rounds of the last minute
  /// cost more than the budget.
  Nanoseconds period() const;
  /// The share of the budget that the last minute used; 1 is all of it.
  double used_ratio() const;

 private:
  struct Round {
    MonotonicTime end;
    Nanoseconds cpu;
  };
  Nanoseconds mean_cost() const;

  Nanoseconds interval_;
  double budget_;
  std::deque<Round> rounds_;  // of the last minute, at least one
};

}  // namespace proctor
