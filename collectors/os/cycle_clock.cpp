#include "collectors/os/cycle_clock.h"

#include <x86intrin.h>

namespace proctor {

CycleClock::Instant CycleClock::now() {
  // Something may come in between: of some readings the one that took least.
  constexpr int kReadings = 8;
  Instant best;
  std::uint64_t least = UINT64_MAX;
  for (int i = 0; i < kReadings; ++i) {
    const std::uint64_t before = __rdtsc();
    const auto time = std::chrono::steady_clock::now();
    const std::uint64_t took = __rdtsc() - before;
    if (took >= least) continue;
    least = took;
    best = {.cycles = before + took / 2, .time = time};
  }
  return best;
}

CycleClock::CycleClock() : begin_(now()) {}

double CycleClock::per_second() const {
  constexpr std::chrono::milliseconds kLeast{5};  // a reading is known to a fraction of a microsecond
  while (true) {
    const Instant end = now();
    const auto time = end.time - begin_.time;
    if (time < kLeast) continue;
    return static_cast<double>(end.cycles - begin_.cycles) / std::chrono::duration<double>(time).count();
  }
}

}  // namespace proctor
