#include "collectors/locks/wait_cycles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace proctor {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

LockWait wait(std::int32_t waiter, std::int32_t owner) { return {.waiter = Tid{waiter}, .owner = Tid{owner}}; }

TEST(WaitCycles, TwoThatWaitForEachOther) {
  EXPECT_THAT(find_wait_cycles(std::vector{wait(13, 12), wait(12, 13)}), ElementsAre(ElementsAre(Tid{12}, Tid{13})));
}

TEST(WaitCycles, VictimsBehindACycleAreNotInIt) {
  EXPECT_THAT(find_wait_cycles(std::vector{wait(1, 2), wait(2, 3), wait(3, 4), wait(4, 2), wait(5, 1)}),
              ElementsAre(ElementsAre(Tid{2}, Tid{3}, Tid{4})));
}

TEST(WaitCycles, OneThatLocksTwiceWaitsForItself) {
  EXPECT_THAT(find_wait_cycles(std::vector{wait(7, 7)}), ElementsAre(ElementsAre(Tid{7})));
}

TEST(WaitCycles, SeveralAreToldApart) {
  EXPECT_THAT(find_wait_cycles(std::vector{wait(1, 2), wait(2, 1), wait(3, 4), wait(4, 3)}),
              ElementsAre(ElementsAre(Tid{1}, Tid{2}), ElementsAre(Tid{3}, Tid{4})));
}

TEST(WaitCycles, AQueueIsNone) {
  EXPECT_THAT(find_wait_cycles(std::vector{wait(1, 9), wait(2, 9), wait(3, 1)}), IsEmpty());
}

TEST(WaitCycles, AWaitThatEndsByItselfIsNoEdge) {
  auto timed = wait(12, 13);
  timed.timed = true;
  EXPECT_THAT(find_wait_cycles(std::vector{timed, wait(13, 12)}), IsEmpty());
}

TEST(WaitCycles, AnOwnerThatIsGoneIsNoEdge) {
  EXPECT_THAT(find_wait_cycles(std::vector{LockWait{.waiter = Tid{3}, .owner = {}}}), IsEmpty());
}

}  // namespace
}  // namespace proctor
