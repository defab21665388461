#include "agent/platform/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace proctor {
namespace {

std::string written(const std::string& level, const std::string& format, std::string_view message) {
  testing::internal::CaptureStderr();
  const auto log = Log::open(level, format);
  EXPECT_TRUE(log) << log.error();
  log->info(message);
  return testing::internal::GetCapturedStderr();
}

TEST(Log, AMessageOfAnyBytesIsOneLine) {
  const std::string line = written("info", "logfmt", "a \"quoted\"\nname \xff");
  EXPECT_EQ(std::ranges::count(line, '\n'), 1);
  EXPECT_THAT(line, testing::HasSubstr("level=info msg=\"a \\\"quoted\\\"\\nname"));
}

TEST(Log, JsonLinesAreJson) {
  const auto line = nlohmann::json::parse(written("info", "json", "a \"quoted\"\nname"));
  EXPECT_EQ(line.at("level"), "info");
  EXPECT_EQ(line.at("msg"), "a \"quoted\"\nname");
}

TEST(Log, BelowTheLevelNothingIsWritten) { EXPECT_EQ(written("error", "logfmt", "quiet"), ""); }

TEST(Log, OtherLevelsAndFormatsAreRefused) {
  EXPECT_THAT(Log::open("loud", "json").error().message, testing::HasSubstr("debug, info"));
  EXPECT_THAT(Log::open("info", "xml").error().message, testing::HasSubstr("logfmt, json"));
}

}  // namespace
}  // namespace proctor
