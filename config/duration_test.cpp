#include "config/duration.h"

#include <gtest/gtest.h>

#include "config/quantity.h"

namespace proctor {
namespace {

using namespace std::chrono_literals;

TEST(Duration, SumsItsParts) {
  EXPECT_EQ(parse_duration("10s").value(), 10s);
  EXPECT_EQ(parse_duration("500ms").value(), 500ms);
  EXPECT_EQ(parse_duration("1m30s").value(), 90s);
  EXPECT_EQ(parse_duration("2d3h4m5s6ms7us8ns").value(), 51h + 4min + 5s + 6ms + 7us + 8ns);
  EXPECT_EQ(parse_duration("0s").value(), 0s);
}

TEST(Duration, RefusesWhatHasNoUnitOrAnother) {
  for (const char* text : {"", "10", "s", "-1s", "+1s", "1.5s", "1 s", " 1s", "1s ", "1y", "1S", "1m1", "1e3s"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Duration, RefusesUnitsOutOfOrderOrTwice) {
  EXPECT_FALSE(parse_duration("30s1m"));
  EXPECT_FALSE(parse_duration("1s1s"));
}

TEST(Duration, RefusesWhatDoesNotFit) {
  EXPECT_TRUE(parse_duration("106751d"));
  EXPECT_FALSE(parse_duration("106752d"));
  EXPECT_FALSE(parse_duration("99999999999999999999s"));
  EXPECT_FALSE(parse_duration("106751d24h"));
}

TEST(Quantity, SizesHaveAUnit) {
  EXPECT_EQ(parse_size("256MiB").value(), Bytes{256ULL << 20});
  EXPECT_EQ(parse_size("1kB").value(), Bytes{1000});
  EXPECT_EQ(parse_size("7B").value(), Bytes{7});
  for (const char* text : {"", "256", "MiB", "-1MiB", "1.5GiB", "256 MiB", "256mib", "99999999999TiB"}) {
    EXPECT_FALSE(parse_size(text)) << text;
  }
}

TEST(Quantity, PercentagesHaveAPercentSign) {
  EXPECT_DOUBLE_EQ(parse_percentage("2%").value(), 0.02);
  EXPECT_DOUBLE_EQ(parse_percentage("0.5%").value(), 0.005);
  for (const char* text : {"", "%", "2", "0.02", "-2%", "nan%", "inf%", "2 %", "2%%", "1e1%"}) {
    EXPECT_FALSE(parse_percentage(text)) << text;
  }
}

TEST(Quantity, CountsAreDecimalDigits) {
  EXPECT_EQ(parse_count("1000").value(), 1000U);
  for (const char* text : {"", "-1", "+1", "1.0", "0x10", "1_000", "99999999999999999999999"}) {
    EXPECT_FALSE(parse_count(text)) << text;
  }
}

}  // namespace
}  // namespace proctor
