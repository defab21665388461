#include "agent/findings/causes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace proctor {
namespace {

using Counts = std::vector<std::uint64_t>;

/// A leak whose members arrived so many in each minute.
Finding leak(FindingKind kind, const std::string& name, const Counts& counts) {
  Site site{.state = "open", .reason = name};
  identify(site);
  Finding finding{.kind = kind, .site = std::make_shared<const Site>(site)};
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    finding.growth.push_back(
        {.begin = MonotonicTime{std::chrono::minutes{i}}, .arrived = counts[i], .alive = counts[i]});
    finding.members += counts[i];
  }
  finding.per_second = static_cast<double>(finding.members) / 600;
  finding.says = "They grow.";
  return finding;
}

Finding memory(double per_second) {
  Finding finding{.kind = FindingKind::memory_leak};
  finding.per_second = per_second;
  return finding;
}

TEST(Causes, WhatComesByTheSameStepsIsOneIncident) {
  const Counts steps{5, 0, 0, 9, 0, 4, 0, 0, 8, 2};
  Counts twice = steps;
  for (std::uint64_t& count : twice) count *= 2;
  std::vector<Finding> findings{leak(FindingKind::fd_leak, "pipe", twice),
                                leak(FindingKind::thread_leak, "read", steps), memory(4000),
                                leak(FindingKind::goroutine_leak, "syscall", steps)};
  link_causes(findings);
  EXPECT_FALSE(findings[3].cause);
  for (const std::size_t effect : {0U, 1U, 2U}) {
    ASSERT_TRUE(findings[effect].cause) << effect;
    EXPECT_EQ(findings[effect].cause->kind, FindingKind::goroutine_leak);
    EXPECT_EQ(findings[effect].cause->site, findings[3].site->id);
  }
  EXPECT_THAT(findings[0].says, testing::HasSubstr("grows along with the goroutine_leak at syscall"));
}

TEST(Causes, ASocketIsADescriptorToo) {
  const Counts steps{3, 3, 3, 3, 3, 3};
  std::vector<Finding> findings{leak(FindingKind::fd_leak, "socket", steps),
                                leak(FindingKind::socket_leak, "close_wait", steps)};
  link_causes(findings);
  EXPECT_TRUE(findings[0].cause);
  EXPECT_FALSE(findings[1].cause);
}

TEST(Causes, OtherStepsAreAnotherIncident) {
  std::vector<Finding> findings{leak(FindingKind::thread_leak, "futex", {20, 20, 0, 0, 0, 0, 0, 0, 0, 1}),
                                leak(FindingKind::fd_leak, "eventfd", {1, 0, 0, 0, 0, 0, 0, 15, 15, 15})};
  link_causes(findings);
  EXPECT_FALSE(findings[0].cause);
  EXPECT_FALSE(findings[1].cause);
}

TEST(Causes, WhatIsReadSeldomNeedNotShowTheStepsInBetween) {
  const Counts timers(16, 20);
  for (std::size_t first = 0; first < 5; ++first) {
    Counts contexts(16);
    for (std::size_t i = first; i < contexts.size(); i += 5) contexts[i] = 100;
    std::vector<Finding> findings{leak(FindingKind::timer_leak, "context", timers),
                                  leak(FindingKind::context_leak, "deadline", contexts)};
    findings[1].growth_apart = std::chrono::minutes{5};
    link_causes(findings);
    EXPECT_TRUE(findings[1].cause) << first;
    // It does show that they came at other times.
    Counts late(16);
    for (std::size_t i = first; i < late.size(); i += 5) late[i] = i < 10 ? 10 : 280;
    findings[1] = leak(FindingKind::context_leak, "deadline", late);
    findings[1].growth_apart = std::chrono::minutes{5};
    link_causes(findings);
    EXPECT_FALSE(findings[1].cause) << first;
  }
}

TEST(Causes, LeaksWithoutStepsInTheWindowAreNotLinked) {
  std::vector<Finding> findings{leak(FindingKind::thread_leak, "futex", {}), leak(FindingKind::fd_leak, "pipe", {})};
  for (Finding& finding : findings) finding.per_second = 0.001;
  link_causes(findings);
  EXPECT_FALSE(findings[0].cause);
  EXPECT_FALSE(findings[1].cause);
}

/// A leak of goroutines that `creator` starts.
Finding goroutines(const std::string& function, const std::string& creator, const Counts& counts) {
  Finding finding = leak(FindingKind::goroutine_leak, function, counts);
  Site site{.state = "waiting", .user = {.function = function}, .created_by = {.function = creator}};
  site.frames = {{.function = "runtime.gopark"}, {.function = function}};
  identify(site);
  finding.site = std::make_shared<const Site>(site);
  return finding;
}

TEST(Causes, GoroutinesThatOneFunctionStartsTogetherAreOneLeak) {
  std::vector<Finding> findings{goroutines("y1", "newProducer", {3, 3, 6, 3, 0, 3, 9, 3}),
                                goroutines("x", "newProducer", {4, 4, 8, 4, 0, 4, 12, 4}),
                                goroutines("y2", "newProducer", {3, 3, 6, 3, 0, 3, 9, 3})};
  link_causes(findings);
  EXPECT_FALSE(findings[1].cause);
  for (const std::size_t effect : {0U, 2U}) {
    ASSERT_TRUE(findings[effect].cause) << effect;
    EXPECT_EQ(findings[effect].cause->site, findings[1].site->id);
  }
}

TEST(Causes, AGoroutineThatALeakedOneStartedIsItsConsequence) {
  std::vector<Finding> findings{goroutines("reader", "serve", {3, 3, 3, 3, 3, 3}),
                                goroutines("serve", "main.main", {3, 3, 3, 3, 3, 3})};
  link_causes(findings);
  EXPECT_NE(findings[0].cause.has_value(), findings[1].cause.has_value());
}

/// A leak of goroutines that a library started for its own work.
Finding of_libraries(Finding finding) {
  Site site = *finding.site;
  site.of_libraries = true;
  finding.site = std::make_shared<const Site>(site);
  return finding;
}

TEST(Causes, WhatALibraryStartedForItselfIsThereForWhoWasWaitedFor) {
  const Counts even{5, 5, 5, 5, 5, 5, 5, 5};
  std::vector<Finding> findings{
      of_libraries(goroutines("net/http.(*connReader).backgroundRead", "net/http.(*connReader).startBackground", even)),
      goroutines("main.handle", "net/http.(*Server).Serve", even), goroutines("main.refresh", "main.serve", even)};
  link_causes(findings);
  EXPECT_TRUE(findings[0].cause);
  EXPECT_FALSE(findings[1].cause);
  // Two of the user's own are two, however even.
  EXPECT_FALSE(findings[2].cause);
}

TEST(Causes, WhatALibraryStartsForOneConnectionIsOneLeak) {
  std::vector<Finding> findings{of_libraries(goroutines("run", "newSerializer", {45, 45, 45, 45, 45, 45, 45, 45})),
                                of_libraries(goroutines("reader", "newClient", {15, 15, 15, 15, 15, 14, 15, 15})),
                                of_libraries(goroutines("loopy", "newTransport", {15, 15, 15, 15, 15, 15, 16, 15})),
                                of_libraries(goroutines("refresher", "newCache", {18, 18, 18, 18, 18, 18, 18, 18}))};
  link_causes(findings);
  EXPECT_FALSE(findings[0].cause);
  EXPECT_TRUE(findings[1].cause);
  EXPECT_TRUE(findings[2].cause);
  // Two for each five of another are of no one operation.
  EXPECT_FALSE(findings[3].cause);
}

TEST(Causes, WhoOutlivesAContextIsOneMatterWithWhoPilesUpThere) {
  const Finding leak = goroutines("main.get", "net/http.(*Server).Serve", {5, 5, 5, 5, 5, 5, 5, 5});
  const Finding other = goroutines("main.put", "net/http.(*Server).Serve", {9, 0, 0, 9, 9, 0, 0, 9});
  for (const FindingKind kind : {FindingKind::context_overdue, FindingKind::context_cancelled}) {
    std::vector<Finding> findings{leak, {.kind = kind, .site = leak.site, .says = "40 outlive it."}};
    link_causes(findings);
    EXPECT_FALSE(findings[0].cause);
    EXPECT_THAT(findings[0].says, testing::HasSubstr("40 outlive it."));
    ASSERT_TRUE(findings[1].cause);
    EXPECT_EQ(findings[1].cause->kind, FindingKind::goroutine_leak);
    findings = {{.kind = FindingKind::blocked_forever, .site = leak.site}, {.kind = kind, .site = leak.site}};
    link_causes(findings);
    ASSERT_TRUE(findings[1].cause);
    EXPECT_EQ(findings[1].cause->kind, FindingKind::blocked_forever);
    findings = {other, {.kind = kind, .site = leak.site}};
    link_causes(findings);
    EXPECT_FALSE(findings[1].cause);
  }
}

TEST(Causes, WhoWasCancelledIsOneMatterWithWhoseDeadlineHasPassed) {
  const SiteRef site = goroutines("main.get", "net/http.(*Server).Serve", {}).site;
  std::vector<Finding> findings{{.kind = FindingKind::context_cancelled, .site = site, .says = "40 were cancelled."},
                                {.kind = FindingKind::context_overdue, .site = site, .says = "3 are late."}};
  link_causes(findings);
  EXPECT_FALSE(findings[1].cause);
  EXPECT_EQ(findings[1].says, "3 are late. 40 were cancelled.");
  ASSERT_TRUE(findings[0].cause);
  EXPECT_EQ(findings[0].cause->kind, FindingKind::context_overdue);
}

TEST(Causes, ALockThatNobodyGetsIsOneMatterWithWhoPilesUpThere) {
  const Counts even{5, 5, 5, 5, 5, 5, 5, 5};
  const Finding leak = goroutines("main.get", "net/http.(*Server).Serve", even);
  Finding lock{.kind = FindingKind::stuck_lock, .site = leak.site, .says = "main.save holds it."};
  lock.waiting_at = {leak.site->id};
  Finding blocked{.kind = FindingKind::blocked_forever, .site = leak.site};
  std::vector<Finding> findings{leak, lock, blocked};
  link_causes(findings);
  EXPECT_FALSE(findings[0].cause);
  EXPECT_THAT(findings[0].says, testing::HasSubstr("main.save holds it."));
  ASSERT_TRUE(findings[1].cause);
  EXPECT_EQ(findings[1].cause->kind, FindingKind::goroutine_leak);
  EXPECT_TRUE(findings[2].cause);
  // A deadlock is the cause of what piles up behind it.
  lock.kind = FindingKind::deadlock;
  findings = {leak, lock};
  link_causes(findings);
  ASSERT_TRUE(findings[0].cause);
  EXPECT_EQ(findings[0].cause->kind, FindingKind::deadlock);
  EXPECT_FALSE(findings[1].cause);
  // Also of what piles up at another site of it; two such sites are one matter.
  const Finding other = goroutines("main.put", "main.accept", {9, 0, 0, 9, 9, 0, 0, 9});
  lock.waiting_at.push_back(other.site->id);
  for (const FindingKind kind : {FindingKind::stuck_lock, FindingKind::deadlock}) {
    lock.kind = kind;
    findings = {other, lock, leak};
    link_causes(findings);
    EXPECT_TRUE(findings[0].cause);
    EXPECT_EQ(findings[1].cause.has_value(), kind == FindingKind::stuck_lock);
    EXPECT_EQ(findings[2].cause.has_value(), kind == FindingKind::deadlock);
  }
  // Without a leak, that they can never go on follows from the lock.
  findings = {lock, blocked};
  link_causes(findings);
  EXPECT_FALSE(findings[0].cause);
  ASSERT_TRUE(findings[1].cause);
  EXPECT_EQ(findings[1].cause->kind, FindingKind::deadlock);
}

TEST(Causes, TheCauseThatAPageNamedStaysIt) {
  const Finding reader = goroutines("reader", "dial", {3, 3, 3, 3, 3, 3});
  const Finding writer = goroutines("writer", "dial", {3, 3, 3, 3, 3, 4});
  std::vector<Finding> findings{reader, writer};
  link_causes(findings, {reader});
  EXPECT_FALSE(findings[0].cause);
  EXPECT_TRUE(findings[1].cause);
  findings = {reader, writer};
  link_causes(findings, {writer});
  EXPECT_TRUE(findings[0].cause);
}

TEST(Causes, EqualStepsOfTwoCreatorsAreOneIncident) {
  const Counts steps{9, 0, 0, 0, 7, 0, 0, 3};
  std::vector<Finding> findings{goroutines("client", "dial", steps), goroutines("server", "accept", steps)};
  link_causes(findings);
  EXPECT_NE(findings[0].cause.has_value(), findings[1].cause.has_value());
}

TEST(Causes, AnEvenPaceAtTwoPlacesIsNoSharedOperation) {
  const Counts steps{3, 3, 3, 3, 3, 3, 3, 3};
  std::vector<Finding> findings{goroutines("send", "export", steps), goroutines("receive", "import", steps)};
  link_causes(findings);
  EXPECT_FALSE(findings[0].cause);
  EXPECT_FALSE(findings[1].cause);
}

TEST(Causes, ALeakOfThoseThatNeverGoOnSaysSo) {
  std::vector<Finding> findings{goroutines("send", "handle", {3, 3, 3, 3}), goroutines("other", "serve", {5, 0, 0, 5})};
  findings.push_back(findings.front());
  findings[2].kind = FindingKind::blocked_forever;
  findings[2].members = 12;
  link_causes(findings);
  ASSERT_TRUE(findings[2].cause);
  EXPECT_EQ(findings[2].cause->kind, FindingKind::goroutine_leak);
  EXPECT_THAT(findings[0].says, testing::HasSubstr("12 there can never go on"));
  EXPECT_THAT(findings[1].says, testing::Not(testing::HasSubstr("never go on")));
}

TEST(Causes, WhatMainStartsNeedNotBelongTogether) {
  const Counts steps{9, 0, 0, 0, 7, 0, 0, 3};
  std::vector<Finding> findings{goroutines("send", "main.main", steps), goroutines("receive", "main.main", steps)};
  link_causes(findings);
  EXPECT_FALSE(findings[0].cause);
  EXPECT_FALSE(findings[1].cause);
}

TEST(Causes, MemoryThatNoMemberCanHoldIsItsOwn) {
  std::vector<Finding> findings{leak(FindingKind::goroutine_leak, "chan send", {1, 1, 1, 1, 1, 1}), memory(1e9)};
  link_causes(findings);
  EXPECT_FALSE(findings[1].cause);
}

}  // namespace
}  // namespace proctor
