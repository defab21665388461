#include "collectors/os/access_cause.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace proctor {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kDacReadSearch = 1U << 2;
constexpr std::uint64_t kSysPtrace = 1U << 19;

TEST(AccessCause, EachHasItsWordsAndItsMend) {
  const AccessFacts user{.own_user = 1000, .yama = 0, .target_user = 1000, .owner = 1000};
  AccessFacts facts = user;
  facts.target_user = facts.owner = 33;
  EXPECT_THAT(likely_cause(facts).why, HasSubstr("uid 33"));
  EXPECT_THAT(likely_cause(facts).mend, HasSubstr("CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH"));
  facts.own_capabilities = kSysPtrace;
  EXPECT_THAT(likely_cause(facts).why, HasSubstr("CAP_DAC_READ_SEARCH is missing"));
  facts.own_capabilities = kDacReadSearch;
  EXPECT_THAT(likely_cause(facts).why, HasSubstr("CAP_SYS_PTRACE is missing"));
  facts.own_user = 0;
  facts.own_capabilities = 0;
  EXPECT_THAT(likely_cause(facts).why, HasSubstr("root has no capabilities"));

  facts = user;
  facts.owner = 0;
  EXPECT_THAT(likely_cause(facts).why, HasSubstr("not dumpable"));
  facts = user;
  facts.yama = 1;
  EXPECT_THAT(likely_cause(facts).mend, HasSubstr("ptrace_scope=0"));
  facts.yama = 3;
  facts.own_capabilities = kSysPtrace | kDacReadSearch;
  EXPECT_THAT(likely_cause(facts).mend, HasSubstr("start the machine anew"));
  facts.yama = 1;
  facts.whole_user_namespace = false;
  EXPECT_THAT(likely_cause(facts).why, HasSubstr("user namespace"));
  facts.whole_user_namespace = true;
  facts.filtered = true;
  EXPECT_THAT(likely_cause(facts).why, HasSubstr("seccomp"));
  facts.filtered = false;
  EXPECT_THAT(likely_cause(facts).mend, HasSubstr("apparmor=unconfined"));
}

TEST(AccessCause, TheFactsOfThisProcess) {
  const auto root = ProcRoot::open("/proc");
  ASSERT_TRUE(root);
  const auto self = root->open_process(Pid{::getpid()});
  ASSERT_TRUE(self);
  const AccessFacts facts = read_access_facts(*root, *self);
  EXPECT_EQ(facts.own_user, ::geteuid());
  EXPECT_EQ(facts.target_user, ::getuid());
  EXPECT_EQ(facts.owner, ::geteuid());
  EXPECT_EQ(facts.own_capabilities != 0, ::geteuid() == 0);
}

}  // namespace
}  // namespace proctor
