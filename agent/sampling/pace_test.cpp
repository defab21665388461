#include "agent/sampling/pace.h"

#include <gtest/gtest.h>

namespace proctor {
namespace {

using std::chrono::milliseconds;

TEST(Pace, KeepsTheIntervalWithinTheBudget) {
  Pace pace{milliseconds{1000}, 0.02};
  pace.record(MonotonicTime{}, milliseconds{10});
  EXPECT_EQ(pace.period(), milliseconds{1000});
  EXPECT_DOUBLE_EQ(pace.used_ratio(), 0.5);
}

TEST(Pace, SlowsRatherThanExceedTheBudget) {
  Pace pace{milliseconds{1000}, 0.02};
  pace.record(MonotonicTime{}, milliseconds{200});
  EXPECT_EQ(pace.period(), milliseconds{10000});
  EXPECT_DOUBLE_EQ(pace.used_ratio(), 1.0);
}

TEST(Pace, ForgetsWhatIsOlderThanAMinute) {
  Pace pace{milliseconds{1000}, 0.02};
  pace.record(MonotonicTime{}, milliseconds{900});
  pace.record(MonotonicTime{} + std::chrono::seconds{61}, milliseconds{1});
  EXPECT_EQ(pace.period(), milliseconds{1000});
}

}  // namespace
}  // namespace proctor
