#include "agent/ledger/census.h"

#include <gtest/gtest.h>

namespace proctor {
namespace {

using namespace std::chrono_literals;

template <typename Snapshot>
Part<Snapshot> part(Snapshot snapshot) {
  return Result<std::shared_ptr<const Snapshot>>{std::make_shared<const Snapshot>(std::move(snapshot))};
}

TEST(Census, LeavesOutSystemGoroutinesAndCopiesNoSite) {
  Observation look;
  look.goroutines = part(GoroutineSnapshot{
      .sites = {std::make_shared<const Site>(Site{.id = SiteId{5}}),
                std::make_shared<const Site>(Site{.id = SiteId{6}})},
      .goroutines = {{.goid = 1, .site = 1, .wait_token = 3, .stack = Bytes{2048}, .waiting_since = MonotonicTime{9s}},
                     {.goid = 2, .system = true}}});
  const auto census = take_census(look, PopulationKind::goroutine);
  ASSERT_TRUE(census);
  ASSERT_EQ(census->members.size(), 1U);
  EXPECT_EQ(census->members[0].key, (MemberKey{.first = 1}));
  EXPECT_EQ(census->members[0].site, 1U);
  EXPECT_EQ(census->members[0].wait_token, 3U);
  EXPECT_EQ(census->members[0].since, MonotonicTime{9s});
  EXPECT_EQ(census->members[0].held, Bytes{2048});
  EXPECT_EQ(census->sites[1], (*look.goroutines)->get()->sites[1]);
}

TEST(Census, AThreadThatRanHasMoved) {
  Observation look;
  look.threads = part(ThreadSnapshot{.sites = {std::make_shared<const Site>(Site{})},
                                     .threads = {{.tid = Tid{7}, .start_time = StartTime{70}, .switches = 11}}});
  const auto census = take_census(look, PopulationKind::thread);
  EXPECT_EQ(census->members.at(0).key, (MemberKey{.first = 7, .second = 70}));
  EXPECT_EQ(census->members.at(0).wait_token, 11U);
}

TEST(Census, ADescriptorThatWasReopenedIsAnother) {
  const auto key = [](FdSample fd) {
    Observation look;
    look.fds = part(FdSnapshot{.sites = {std::make_shared<const Site>(Site{})}, .fds = {fd}});
    return take_census(look, PopulationKind::fd)->members.at(0).key;
  };
  const FdSample fd{.fd = 3, .inode = Inode{40}, .kind = FdKind::file};
  EXPECT_EQ(key(fd), key(fd));
  EXPECT_NE(key(fd), key({.fd = 4, .inode = Inode{40}, .kind = FdKind::file}));
  EXPECT_NE(key(fd), key({.fd = 3, .inode = Inode{41}, .kind = FdKind::file}));
  EXPECT_NE(key(fd), key({.fd = 3, .inode = Inode{40}, .kind = FdKind::directory}));
}

TEST(Census, SocketsAndMappingsHaveTheirOwn) {
  Observation look;
  look.fds = part(FdSnapshot{.sites = {std::make_shared<const Site>(Site{})}, .sockets = {{.inode = Inode{40}}}});
  look.mappings = part(
      MappingSnapshot{.sites = {std::make_shared<const Site>(Site{})}, .mappings = {{.begin = 4096, .bytes = 8192}}});
  EXPECT_EQ(take_census(look, PopulationKind::socket)->members.at(0).key, (MemberKey{.first = 40}));
  EXPECT_EQ(take_census(look, PopulationKind::mapping)->members.at(0).held, Bytes{8192});
  EXPECT_EQ(take_census(look, PopulationKind::mapping)->members.at(0).key, (MemberKey{.first = 4096}));
}

TEST(Census, ChildrenOfOneNameAndStateShareASite) {
  Observation look;
  look.children = {{.pid = Pid{9}, .start_time = StartTime{90}, .comm = "worker-1"},
                   {.pid = Pid{10}, .comm = "worker-2"},
                   {.pid = Pid{11}, .comm = "worker-3", .zombie = true}};
  const auto census = take_census(look, PopulationKind::child);
  ASSERT_EQ(census->sites.size(), 2U);
  EXPECT_EQ(census->sites[0]->user.function, "worker-*");
  EXPECT_EQ(census->sites[1]->state, "zombie");
  EXPECT_NE(census->sites[0]->id, census->sites[1]->id);
  EXPECT_EQ(census->members[0].key, (MemberKey{.first = 9, .second = 90}));
  EXPECT_EQ(census->members[1].site, 0U);
  EXPECT_EQ(census->members[2].site, 1U);
}

TEST(Census, APartThatIsMissingFailedOrASampleGivesNone) {
  Observation look;
  look.goroutines = Result<std::shared_ptr<const GoroutineSnapshot>>{fail(ErrorCode::torn_read, "changed")};
  look.fds = part(FdSnapshot{.open = 100'000, .sampled = true});
  const auto censuses = take_census(look);
  ASSERT_EQ(censuses.size(), 1U);
  EXPECT_EQ(censuses[0].kind, PopulationKind::child);
}

}  // namespace
}  // namespace proctor
