#include "agent/metrics/exposition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <limits>
#include <set>

#include "agent/metrics/families.h"
#include "agent/publication/sample_report.h"

namespace proctor {
namespace {

using testing::HasSubstr;
using testing::Not;

Publication sample_publication(const std::string& name) {
  Publication publication;
  publication.targets = {sample_report(name, 4711), sample_report(name, 4712)};
  publication.agent.processes_by_name = {{name, 2}, {"none", 0}};
  publication.agent.sample_durations["goroutines"].observe(0.031);
  publication.agent.skipped["torn"] = 3;
  publication.agent.budget_used["cpu"] = 0.25;
  expose(publication);
  return publication;
}

/// What a parser of the text format makes of a quoted label value.
std::string unescaped(std::string_view quoted) {
  std::string value;
  for (std::size_t i = 0; i < quoted.size() && quoted[i] != '"'; ++i) {
    if (quoted[i] != '\\') {
      value += quoted[i];
    } else {
      ++i;
      value += quoted[i] == 'n' ? '\n' : quoted[i];
    }
  }
  return value;
}

TEST(Catalogue, HasOneSourceForEveryRow) {
  std::set<std::string_view> sources;
  for (const TargetFamily& family : target_families()) EXPECT_TRUE(sources.insert(family.name).second) << family.name;
  for (const AgentFamily& family : agent_families()) EXPECT_TRUE(sources.insert(family.name).second) << family.name;
  std::set<std::string_view> rows;
  for (const MetricSpec& spec : catalogue()) {
    EXPECT_TRUE(rows.insert(spec.name).second) << spec.name;
    EXPECT_FALSE(spec.help.empty()) << spec.name;
    EXPECT_EQ(spec.name.ends_with("_total"), spec.type == prometheus::MetricType::Counter) << spec.name;
  }
  EXPECT_EQ(rows, sources);
}

TEST(Exposition, HasTheSeriesOfEachProcess) {
  const std::string text = sample_publication("shop").metrics;
  EXPECT_THAT(text, HasSubstr("proctor_goroutines{target=\"shop\",pid=\"4711\",state=\"waiting\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("proctor_goroutines_system{target=\"shop\",pid=\"4712\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("proctor_goroutines_waiting{target=\"shop\",pid=\"4711\",reason=\"chan receive\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("proctor_target_processes{target=\"none\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("proctor_collector_up{target=\"shop\",pid=\"4711\",collector=\"memory\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("collector=\"memory\",reason=\"permission_denied\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("proctor_sample_duration_seconds_bucket{collector=\"goroutines\",le=\"+Inf\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("proctor_build_info{version=\""));
  EXPECT_THAT(text, HasSubstr("process_resident_memory_bytes "));
  EXPECT_THAT(text, HasSubstr("process_start_time_seconds "));
}

TEST(Exposition, LeavesOutWhatIsNotKnown) {
  const std::string text = sample_publication("shop").metrics;
  EXPECT_THAT(text, Not(HasSubstr("proctor_resident_memory_bytes")));
  EXPECT_THAT(text, Not(HasSubstr("proctor_threads")));
  EXPECT_THAT(text, Not(HasSubstr("proctor_goroutines_created_total")));
}

TEST(Exposition, MakesOneSeriesOfMergedProcesses) {
  Publication publication;
  for (const std::int32_t pid : {1, 2, 3}) {
    auto report = sample_report("shop", pid);
    report->merge = true;
    publication.targets.push_back(report);
  }
  expose(publication);
  EXPECT_THAT(publication.metrics, HasSubstr("proctor_goroutines{target=\"shop\",state=\"waiting\"} 6\n"));
  EXPECT_THAT(publication.metrics, HasSubstr("proctor_collector_up{target=\"shop\",collector=\"goroutines\"} 1\n"));
  EXPECT_THAT(publication.metrics, Not(HasSubstr("pid=")));
}

TEST(Exposition, WritesNoNumberThatIsNone) {
  Publication publication;
  auto report = sample_report("shop", 1);
  report->exhaustion = {{"fds", std::numeric_limits<double>::infinity()}, {"memory", -1}, {"threads", 60}};
  publication.targets = {report};
  expose(publication);
  EXPECT_THAT(publication.metrics, Not(HasSubstr("resource=\"fds\"")));
  EXPECT_THAT(publication.metrics, Not(HasSubstr("resource=\"memory\"")));
  EXPECT_THAT(publication.metrics, HasSubstr("resource=\"threads\"} 60\n"));
}

TEST(Exposition, GivesBackEveryLabelValueThatATargetChose) {
  for (const std::string name : {"a\"b", "a\\b", "a\nb", "a\\nb", "{}=,", "tmux: client", "日本"}) {
    const std::string text = sample_publication(name).metrics;
    const std::string_view head = "proctor_target_info{target=\"";
    const std::size_t found = text.find(head);
    ASSERT_NE(found, std::string::npos);
    EXPECT_EQ(unescaped(std::string_view{text}.substr(found + head.size())), name);
  }
}

TEST(Exposition, IsValidUtf8WhateverBytesATargetChose) {
  EXPECT_THAT(sample_publication("a\xE6\x97").metrics, HasSubstr("target=\"a\uFFFD\uFFFD\""));
}

TEST(Exposition, WritesHelpAndTypeOncePerFamilyWithManyTargets) {
  Publication publication;
  for (std::int32_t pid = 1; pid <= 2500; ++pid) {
    publication.targets.push_back(sample_report("target-" + std::to_string(10000 + pid), pid));
  }
  expose(publication);
  const std::string_view text = publication.metrics;
  const std::string_view type = "# TYPE proctor_goroutines gauge\n";
  const std::size_t first = text.find(type);
  ASSERT_NE(first, std::string_view::npos);
  EXPECT_EQ(text.find(type, first + 1), std::string_view::npos);
  EXPECT_NE(text.find("proctor_goroutines{target=\"target-12500\",pid=\"2500\",state=\"waiting\"} 2\n"),
            std::string_view::npos);
}

TEST(Exposition, GzipUnpacksToTheSameText) {
  const Publication publication = sample_publication("shop");
  std::string unpacked(publication.metrics.size() + 1, '\0');
  z_stream stream{};
  ASSERT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  std::string packed = publication.metrics_gzip;
  stream.next_in = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(unpacked.data());
  stream.avail_out = static_cast<uInt>(unpacked.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  unpacked.resize(stream.total_out);
  inflateEnd(&stream);
  EXPECT_EQ(unpacked, publication.metrics);
}

TEST(Exposition, SatisfiesPromtool) {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0) GTEST_SKIP() << "Skipped: promtool is not installed";
  const std::string file = testing::TempDir() + "proctor_exposition.txt";
  std::ofstream{file} << sample_publication("a\"b\\c\nd").metrics;
  FILE* lint = ::popen(("promtool check metrics < '" + file + "' 2>&1").c_str(), "r");
  ASSERT_NE(lint, nullptr);
  std::string said;
  std::array<char, 4096> buffer{};
  while (const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), lint)) said.append(buffer.data(), size);
  EXPECT_EQ(::pclose(lint), 0) << said;
  std::remove(file.c_str());
}

}  // namespace
}  // namespace proctor
