#include "config/load.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace proctor {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

std::vector<std::string> mistakes_in(std::string_view text) {
  std::vector<std::string> lines;
  const auto config = parse_config(text, "p.yaml");
  if (config) return lines;
  for (const ConfigMistake& mistake : config.error()) lines.push_back(to_string(mistake));
  return lines;
}

constexpr std::string_view kWhole = R"(sampling:
  interval: 1m30s
  cpu_budget: 5%
  memory_budget: 64MiB
targets:
  - name: "checkout-{{1}}"
    match:
      comm: checkout
      exe: /usr/bin/*
      cmdline: '--shard=(\d+)'
      user: shop
      cgroup: kubepods
      listen_port: 8080
      pid_file: /run/checkout.pid
    children: true
    merge: true
    collectors: [threads, memory, fds, cpu, goroutines, locks]
    thread_stacks: all
    wrappers: [corp.example/pool]
  - match: {}
limits:
  targets: 7
  sites_per_population: 9
findings:
  window: 20m
  warm_up: 0s
  min_arrivals: 3
)";

TEST(LoadConfig, ReadsEveryKey) {
  const auto config = parse_config(kWhole, "p.yaml");
  ASSERT_TRUE(config) << to_string(config.error().front());
  EXPECT_EQ(config->sampling.interval, 90s);
  EXPECT_DOUBLE_EQ(config->sampling.cpu_budget, 0.05);
  EXPECT_EQ(config->sampling.memory_budget, Bytes{64ULL << 20});
  EXPECT_EQ(config->limits.targets, 7U);
  EXPECT_EQ(config->limits.sites_per_population, 9U);
  EXPECT_EQ(config->findings.window, 20min);
  EXPECT_EQ(config->findings.warm_up, 0s);
  EXPECT_EQ(config->findings.min_arrivals, 3U);
  ASSERT_EQ(config->targets.size(), 2U);
  const TargetRule& rule = *config->targets[0];
  EXPECT_EQ(rule.name, "checkout-{{1}}");
  EXPECT_EQ(rule.match.comm, "checkout");
  EXPECT_EQ(rule.match.exe, "/usr/bin/*");
  EXPECT_EQ(rule.match.cmdline->text, R"(--shard=(\d+))");
  EXPECT_TRUE(re2::RE2::PartialMatch("checkout --shard=12", *rule.match.cmdline->expression));
  EXPECT_EQ(rule.match.user, "shop");
  EXPECT_EQ(rule.match.cgroup->text, "kubepods");
  EXPECT_EQ(rule.match.listen_port, 8080);
  EXPECT_EQ(rule.match.pid_file, "/run/checkout.pid");
  EXPECT_TRUE(rule.children);
  EXPECT_TRUE(rule.merge);
  EXPECT_EQ(rule.collectors.size(), 6U);
  EXPECT_EQ(rule.thread_stacks, ThreadStacks::all);
  EXPECT_THAT(rule.wrappers, ElementsAre("corp.example/pool"));
}

TEST(LoadConfig, LeavesDefaultsWhereNothingIsSaid) {
  const auto config = parse_config("targets: [{match: {comm: a}}]", "p.yaml");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->sampling.interval, 10s);
  EXPECT_EQ(config->targets[0]->name, "{{comm}}");
  EXPECT_EQ(config->targets[0]->thread_stacks, ThreadStacks::blocked);
  EXPECT_THAT(config->targets[0]->collectors, IsEmpty());
}

TEST(LoadConfig, AnEmptyFileIsTheDefault) {
  EXPECT_THAT(mistakes_in(""), IsEmpty());
  EXPECT_THAT(mistakes_in("# nothing yet\n"), IsEmpty());
}

TEST(LoadConfig, NamesThePlaceAndTheKeyThatWasMeant) {
  EXPECT_THAT(mistakes_in("sampling:\n  intervall: 10s\n"),
              ElementsAre("p.yaml:2:3: unknown key \"intervall\" in sampling: did you mean \"interval\"?"));
  EXPECT_THAT(mistakes_in("target: []\n"),
              ElementsAre("p.yaml:1:1: unknown key \"target\": did you mean \"targets\"?"));
}

TEST(LoadConfig, ReportsAllMistakesAtOnce) {
  EXPECT_THAT(mistakes_in("sampling: {interval: 10, cpu_budget: 0.02, memory_budget: 256}\n"
                          "limits: {targets: many}\n"
                          "targets:\n"
                          "  - match: {listen_port: 70000, cmdline: '(', port: 1}\n"
                          "    collectors: [thread]\n"
                          "    children: yes\n"),
              ElementsAre(HasSubstr("p.yaml:1:22: sampling.interval: \"10\" has no unit"),
                          HasSubstr("p.yaml:1:38: sampling.cpu_budget: \"0.02\" has no unit"),
                          HasSubstr("p.yaml:1:59: sampling.memory_budget: \"256\" has no unit"),
                          HasSubstr("p.yaml:2:19: limits.targets: \"many\" is not a whole number"),
                          HasSubstr("p.yaml:4:26: targets[0].match.listen_port: 70000 is out of range"),
                          HasSubstr("p.yaml:4:42: targets[0].match.cmdline: bad regular expression"),
                          HasSubstr("p.yaml:4:47: unknown key \"port\" in targets[0].match"),
                          HasSubstr("unknown collector \"thread\": did you mean \"threads\"?"),
                          HasSubstr("children is neither true nor false")));
}

TEST(LoadConfig, RefusesWhatIsOfAnotherType) {
  EXPECT_THAT(mistakes_in("sampling: 10s"), ElementsAre(HasSubstr("sampling is a single value, not a mapping")));
  EXPECT_THAT(mistakes_in("sampling:\n"), ElementsAre(HasSubstr("sampling is nothing, not a mapping")));
  EXPECT_THAT(mistakes_in("sampling: {interval: [10s]}"),
              ElementsAre(HasSubstr("sampling.interval is a list, not a single value")));
  EXPECT_THAT(mistakes_in("targets: {comm: a}"), ElementsAre(HasSubstr("targets is a mapping, not a list")));
  EXPECT_THAT(mistakes_in("- a"), ElementsAre(HasSubstr("the configuration is a list, not a mapping")));
  EXPECT_THAT(mistakes_in("? [a]\n: b"), ElementsAre(HasSubstr("a key of the configuration is a list")));
}

TEST(LoadConfig, RefusesKeysGivenTwice) {
  EXPECT_THAT(mistakes_in("limits:\n  targets: 1\n  targets: 2\n"),
              ElementsAre("p.yaml:3:3: key \"targets\" a second time in limits"));
}

TEST(LoadConfig, AMatchOfEverythingMustBeWrittenDown) {
  EXPECT_THAT(mistakes_in("targets: [{name: a}]"), ElementsAre(HasSubstr("match is missing")));
  EXPECT_THAT(mistakes_in("targets: [{name: a, match: }]"), ElementsAre(HasSubstr("match is nothing, not a mapping")));
  EXPECT_THAT(mistakes_in("targets: []"), ElementsAre(HasSubstr("targets lists none")));
  EXPECT_THAT(mistakes_in("targets: [{match: {}}]"), IsEmpty());
}

TEST(LoadConfig, KnowsThePlaceholdersOfANamesTemplate) {
  const auto with_name = [](std::string_view name) {
    return mistakes_in(fmt::format("targets: [{{name: '{}', match: {{cmdline: 'a(b)'}}}}]", name));
  };
  for (const char* name : {"a", "{{comm}}", "{{exe_base}}-{{container}}", "{{pid}}", "x{{1}}y"}) {
    EXPECT_THAT(with_name(name), IsEmpty()) << name;
  }
  EXPECT_THAT(with_name("{{com}}"),
              ElementsAre(HasSubstr("targets[0].name: unknown placeholder {{com}}: did you mean \"comm\"?")));
  for (const char* name : {"", "{{", "{{comm", "{{}}", "{{0}}", "{{2}}", "{{ comm }}"}) {
    EXPECT_EQ(with_name(name).size(), 1U) << name;
  }
}

TEST(LoadConfig, RefusesWhatIsOutOfRange) {
  for (const char* text : {"sampling: {interval: 1ms}",
                           "sampling: {interval: 2h}",
                           "sampling: {cpu_budget: 0%}",
                           "sampling: {cpu_budget: 101%}",
                           "sampling: {memory_budget: 1MiB}",
                           "limits: {targets: 0}",
                           "limits: {sites_per_population: 0}",
                           "findings: {window: 0s}",
                           "findings: {min_arrivals: 0}",
                           "findings: {window: 5s}",
                           "targets: [{match: {listen_port: 0}}]",
                           "targets: [{match: {listen_port: 65536}}]",
                           "targets: [{match: {comm: ''}}]",
                           "targets: [{match: {comm: \"a\\0b\"}}]",
                           "targets: [{match: {}, collectors: []}]",
                           "targets: [{match: {}, collectors: [cpu, cpu]}]",
                           "targets: [{match: {}, thread_stacks: some}]",
                           "targets: [{match: {}, wrappers: [\"a b\"]}]",
                           "targets: [{match: {}, wrappers: pool}]",
                           "targets: [{match: {}, merge: \"true\"}]"}) {
    EXPECT_EQ(mistakes_in(text).size(), 1U) << text;
  }
}

TEST(LoadConfig, SaysWhereTextIsNoYaml) {
  EXPECT_THAT(mistakes_in("a: [1, 2\nb: }"), ElementsAre(StartsWith("p.yaml:2:")));
  EXPECT_THAT(mistakes_in("limits: {targets: 1}\n---\nlimits: {targets: 2}\n"),
              ElementsAre(StartsWith("p.yaml:2:1: not part of the one document")));
}

TEST(LoadConfig, RefusesAStrayComma) { EXPECT_THAT(mistakes_in(", limits: {}"), ElementsAre(StartsWith("p.yaml:1:"))); }

TEST(LoadConfig, IsBoundedWhateverTheFileHolds) {
  std::string aliases = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    aliases += fmt::format("a{0}: &a{0} [*a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}]\n", i, i - 1);
  }
  EXPECT_THAT(mistakes_in(aliases), ElementsAre(HasSubstr("aliases followed")));
  EXPECT_THAT(mistakes_in("a: &a [*a]"), ElementsAre(StartsWith("p.yaml:")));
  EXPECT_EQ(mistakes_in(std::string(1'000, '[') + std::string(1'000, ']')).size(), 1U);
  EXPECT_EQ(mistakes_in(std::string(1'000'000, '[')).size(), 1U);
  EXPECT_EQ(mistakes_in(std::string(100'000, '{')).size(), 1U);
  EXPECT_THAT(mistakes_in(std::string((1U << 20) + 1, ' ')), ElementsAre("p.yaml: larger than 1 MiB"));

  std::string unknown;
  for (int i = 0; i < 10'000; ++i) unknown += fmt::format("key_{}: 1\n", i);
  EXPECT_LE(mistakes_in(unknown).size(), 100U);
}

TEST(LoadConfig, AFileThatCannotBeReadIsAMistake) {
  const auto missing = load_config("/nonexistent/p.yaml");
  ASSERT_FALSE(missing);
  EXPECT_EQ(to_string(missing.error().front()), "/nonexistent/p.yaml: cannot be read: No such file or directory");
  EXPECT_FALSE(load_config(testing::TempDir()));
  EXPECT_FALSE(load_config("/dev/zero"));
}

TEST(LoadConfig, ReadsAFile) {
  const std::string file = testing::TempDir() + "load_config_test.yaml";
  std::ofstream{file} << kWhole;
  EXPECT_TRUE(load_config(file));
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace proctor
