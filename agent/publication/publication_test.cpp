#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <sstream>

#include "agent/publication/human.h"
#include "agent/publication/json_report.h"
#include "agent/publication/sample_report.h"
#include "agent/publication/text_report.h"

namespace proctor {
namespace {

using testing::HasSubstr;

TEST(DurationHistogram, CountsIntoEveryBucketAtOrAboveTheValue) {
  DurationHistogram histogram;
  histogram.observe(0.0001);
  histogram.observe(0.03);
  histogram.observe(60);
  EXPECT_EQ(histogram.cumulative.front(), 1U);
  EXPECT_EQ(histogram.cumulative.back(), 2U);
  EXPECT_EQ(histogram.count, 3U);
  EXPECT_DOUBLE_EQ(histogram.sum, 60.0301);
}

TEST(DurationHistogram, TakesNoValueThatIsNoDuration) {
  DurationHistogram histogram;
  histogram.observe(-1);
  histogram.observe(std::numeric_limits<double>::quiet_NaN());
  histogram.observe(std::numeric_limits<double>::infinity());
  EXPECT_EQ(histogram.count, 0U);
}

TEST(JsonReport, HasTheFormOfTheDump) {
  const auto report = sample_report("main.leak", 4711);
  const Json json = json_of(*report);
  EXPECT_EQ(json["target"]["pid"], 4711);
  EXPECT_EQ(json["target"]["runtime"], "go");
  EXPECT_EQ(json["taken_at"], "2026-01-01T00:00:00Z");
  EXPECT_EQ(json["goroutines"]["total"], 3);
  EXPECT_EQ(json["goroutines"]["user"], 2);
  EXPECT_EQ(json["goroutines"]["system"], 1);
  EXPECT_EQ(json["goroutines"]["states"]["waiting"], 3);
  const Json& site = json["goroutines"]["sites"][0];
  EXPECT_EQ(site["members"], 2);
  EXPECT_EQ(site["reason"], "chan receive");
  EXPECT_EQ(site["function"], "main.leak");
  EXPECT_EQ(site["line"], 14);
  EXPECT_EQ(site["created_by"]["function"], "main.main");
  EXPECT_EQ(site["oldest_seconds"], 12.0);
  EXPECT_EQ(site["stack_bytes"], 4096);
  EXPECT_EQ(site["frames"].size(), 2U);
  EXPECT_EQ(json["findings"][0]["kind"], "goroutine_leak");
  EXPECT_EQ(json["findings"][0]["site"], site["site"]);
}

TEST(JsonReport, SaysWhyAPartIsMissingAndLeavesItOut) {
  const Json json = json_of(*sample_report("main.leak", 1));
  EXPECT_FALSE(json.contains("memory"));
  EXPECT_FALSE(json.contains("threads"));  // not asked for: neither there nor unknown
  ASSERT_EQ(json["unknown"].size(), 1U);
  EXPECT_EQ(json["unknown"][0]["part"], "memory");
  EXPECT_EQ(json["unknown"][0]["reason"], "permission_denied");
}

TEST(JsonReport, ListsMembersWhenAsked) {
  const auto report = sample_report("main.leak", 1);
  EXPECT_FALSE(json_of(*report)["goroutines"]["sites"][0].contains("goids"));
  EXPECT_EQ(json_of(*report, true)["goroutines"]["sites"][0]["goids"], Json({18, 19}));
}

TEST(JsonReport, IsValidWhateverBytesATargetChose) {
  const auto report = sample_report("a\xE6\x97\"\\\n", 1);
  const std::string written = json_of(*report).dump();
  EXPECT_EQ(Json::parse(written)["target"]["name"], "a\uFFFD\uFFFD\"\\\n");
}

TEST(TextReport, NamesTheSiteWithItsCountReasonAgeAndStack) {
  const std::string text = text_of(*sample_report("main.leak", 4711), true);
  EXPECT_THAT(text, HasSubstr("main.leak (process 4711), go go1.19.8"));
  EXPECT_THAT(text, HasSubstr("       2  waiting [chan receive], oldest 12.0s, 4.0 KiB"));
  EXPECT_THAT(text, HasSubstr("runtime.gopark proc.go:364"));
  EXPECT_THAT(text, HasSubstr("created by main.main main.go:30"));
  EXPECT_THAT(text, HasSubstr("members 18 19"));
  EXPECT_THAT(text, HasSubstr("FINDING goroutine_leak"));
  EXPECT_THAT(text, HasSubstr("unknown: memory, permission_denied: status: refused"));
}

TEST(TextReport, FitsEightyColumnsAndSendsNothingToTheTerminal) {
  auto report = sample_report("evil\x1b[2J", 1);
  report->findings[0].says = std::string(60, 'a') + " " + std::string(60, 'b') + " word word word word word word";
  std::istringstream lines{text_of(*report)};
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(line.size(), 80U) << line;
    EXPECT_EQ(line.find('\x1b'), std::string::npos);
  }
}

TEST(Human, WritesTheTwoLargestUnits) {
  EXPECT_EQ(human_duration(std::chrono::milliseconds{850}), "850ms");
  EXPECT_EQ(human_duration(std::chrono::seconds{192}), "3m12s");
  EXPECT_EQ(human_duration(std::chrono::hours{51}), "2d03h");
  EXPECT_EQ(human_bytes(Bytes{512}), "512 B");
  EXPECT_EQ(human_bytes(Bytes{1536 * 1024}), "1.5 MiB");
}

}  // namespace
}  // namespace proctor
