#include "agent/history/allocation_history.h"

#include <gtest/gtest.h>

namespace proctor {
namespace {

constexpr Nanoseconds kWindow = std::chrono::seconds{320};

MonotonicTime at(int second) { return MonotonicTime{std::chrono::seconds{second}}; }

/// Stacks f0, f1, ... that have allocated and freed so many blocks of 1 MiB.
std::shared_ptr<const HeapSnapshot> heap(const std::vector<std::pair<int, int>>& counts) {
  auto snapshot = std::make_shared<HeapSnapshot>();
  snapshot->sampling_rate = 1;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    Site site{.reason = "heap", .user = {"f" + std::to_string(i), "main.go", 7}};
    identify(site);
    snapshot->sites.push_back(std::make_shared<const Site>(site));
    HeapSample sample{.site = static_cast<std::uint32_t>(i)};
    sample.bucket = {.block = Bytes{1 << 20},
                     .allocated = static_cast<std::uint64_t>(counts[i].first),
                     .freed = static_cast<std::uint64_t>(counts[i].second)};
    snapshot->samples.push_back(sample);
  }
  return snapshot;
}

TEST(AllocationHistory, ShowsThoseThatHoldMostAndSumsTheRest) {
  AllocationHistory history{2, kWindow};
  EXPECT_FALSE(history.view());
  history.update(heap({{5, 5}, {9, 2}, {3, 0}, {2, 1}}), at(0));
  const auto view = history.view();
  ASSERT_TRUE(view);
  EXPECT_EQ(view->members, 11U);
  EXPECT_EQ(view->arrivals, 19U);
  EXPECT_EQ(view->departures, 8U);
  ASSERT_EQ(view->sites.size(), 3U);
  EXPECT_EQ(view->sites[0].site->user.function, "f1");
  EXPECT_EQ(view->sites[0].held, Bytes{7 << 20});
  EXPECT_EQ(view->sites[1].site->user.function, "f2");
  EXPECT_EQ(view->sites[2].site->id, kOtherSite);
  EXPECT_EQ(view->sites[2].members, 1U);
}

TEST(AllocationHistory, FindsTheStackThatGrowsNotTheLargestOrTheBusiest) {
  AllocationHistory history{10, kWindow};
  for (int i = 0; i < 20; ++i) history.update(heap({{900, 0}, {100 * i, 100 * i}, {2 * i, 0}}), at(10 * i));
  const auto fastest = history.fastest();
  ASSERT_TRUE(fastest);
  EXPECT_EQ(fastest->site->user.function, "f2");
  EXPECT_NEAR(fastest->per_second, 0.2 * (1 << 20), 1000);
  EXPECT_EQ(fastest->live, Bytes{38 << 20});
}

TEST(AllocationHistory, NoneGrowsInAHeapAtRest) {
  AllocationHistory history{10, kWindow};
  const auto still = heap({{900, 0}, {10, 3}});
  for (int i = 0; i < 20; ++i) history.update(still, at(10 * i));
  EXPECT_FALSE(history.fastest());
}

}  // namespace
}  // namespace proctor
