#include "agent/ledger/cohorts.h"

#include <gtest/gtest.h>

namespace proctor {
namespace {

TEST(Cohorts, KnowsWhoOfEachPeriodStayed) {
  Cohorts cohorts;
  cohorts.arrive(1);
  cohorts.arrive(1);
  cohorts.arrive(3);
  cohorts.depart(1, 4);
  const auto periods = cohorts.at(4);
  ASSERT_EQ(periods.size(), 2U);
  EXPECT_EQ(periods[0].number, 1U);
  EXPECT_EQ(periods[0].arrived, 2U);
  EXPECT_EQ(periods[0].alive, 1U);
  EXPECT_EQ(periods[1].number, 3U);
  EXPECT_EQ(periods[1].alive, 1U);
}

TEST(Cohorts, ForgetsWhatIsOlderThanTheWindow) {
  Cohorts cohorts;
  cohorts.arrive(1);
  EXPECT_EQ(cohorts.at(Cohorts::kPeriods).size(), 1U);
  EXPECT_TRUE(cohorts.at(Cohorts::kPeriods + 1).empty());
}

TEST(Cohorts, CountsTheDeparturesOfTheOldInThePeriodInWhichTheyLeave) {
  Cohorts cohorts;
  cohorts.arrive(1);
  cohorts.depart(1, 100);
  cohorts.depart(0, 100);
  const auto periods = cohorts.at(100);
  ASSERT_EQ(periods.size(), 1U);
  EXPECT_EQ(periods[0].old_departed, 2U);
  EXPECT_EQ(periods[0].arrived, 0U);
}

TEST(Cohorts, OneThatIsAdoptedIsCountedOnce) {
  Cohorts from;
  Cohorts to;
  from.arrive(2);
  from.arrive(2);
  to.arrive(5);
  to.adopt(from, 2, 5);
  EXPECT_EQ(from.at(5)[0].arrived, 1U);
  ASSERT_EQ(to.at(5).size(), 2U);
  EXPECT_EQ(to.at(5)[0].number, 2U);
  EXPECT_EQ(to.at(5)[0].alive, 1U);
  from.adopt_all(to, 5);
  EXPECT_EQ(from.at(5)[0].arrived, 2U);
  EXPECT_EQ(from.at(5)[1].arrived, 1U);
}

}  // namespace
}  // namespace proctor
