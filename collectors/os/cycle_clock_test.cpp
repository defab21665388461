#include "collectors/os/cycle_clock.h"

#include <gtest/gtest.h>
#include <x86intrin.h>

namespace proctor {
namespace {

/// An instant of the one clock that is known to lie between two of the other, whatever came in between.
struct Bracket {
  std::uint64_t before = __rdtsc();
  std::chrono::steady_clock::time_point time = std::chrono::steady_clock::now();
  std::uint64_t after = __rdtsc();
};

TEST(CycleClock, ItsRateLiesWhereTwoInstantsSayThatItMust) {
  constexpr double kApart = 0.0005;
  const CycleClock clock;
  const Bracket begin;
  double least = 0;
  double most = 1;
  while (most / least - 1 > kApart) {
    const Bracket end;
    const double seconds = std::chrono::duration<double>(end.time - begin.time).count();
    if (end.before <= begin.after) continue;
    least = static_cast<double>(end.before - begin.after) / seconds;
    most = static_cast<double>(end.after - begin.before) / seconds;
  }
  const double rate = clock.per_second();
  EXPECT_GE(rate, least * (1 - kApart));
  EXPECT_LE(rate, most * (1 + kApart));
}

}  // namespace
}  // namespace proctor
