#pragma once

#include <chrono>
#include <cstdint>

namespace proctor {

/// How fast this machine's time stamp counter runs, in which Go's runtime measures waits: the same for all processors
/// and processes. Measured between its making and the question, so that it is the better known the later it is asked.
class CycleClock {
 public:
  CycleClock();

  double per_second() const;

 private:
  /// Both clocks at one instant.
  struct Instant {
    std::uint64_t cycles = 0;
    std::chrono::steady_clock::time_point time;
  };
  static Instant now();

  Instant begin_;
};

}  // namespace proctor
