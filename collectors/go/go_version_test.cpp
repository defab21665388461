#include "collectors/go/go_version.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "collectors/go/layout.h"

namespace proctor {
namespace {

TEST(GoVersion, ReadsReleases) {
  EXPECT_EQ(parse_go_version("go1.26.8").value(), (GoVersion{1, 26, 8}));
  EXPECT_EQ(parse_go_version("go1.19").value(), (GoVersion{1, 19, 0}));
  EXPECT_EQ(parse_go_version("go1.21.4 (vendor build)").value(), (GoVersion{1, 21, 4}));
  EXPECT_EQ(parse_go_version("go1.22.1-2.el9").value(), (GoVersion{1, 22, 1}));
}

TEST(GoVersion, RefusesWhatMayHaveOtherLayouts) {
  for (const char* text : {"", "go", "go1", "go1.", "go1.28rc1", "go1.28beta1", "devel go1.28-a5f29a67 2026-07-14",
                           "go99999999.1", "go1.26.x"}) {
    const auto version = parse_go_version(text);
    ASSERT_FALSE(version) << text;
    EXPECT_EQ(version.error().code, ErrorCode::unsupported_go_version);
  }
}

TEST(GoVersion, KnowsExperimentsThatMoveNothing) {
  EXPECT_EQ(parse_go_version("go1.26.8-X:jsonv2,noswissmap").value(), (GoVersion{1, 26, 8}));
  for (const char* text : {"go1.26.8", "go1.21.4 (X)", "go1.22.1 X:boringcrypto", "go1.26.8-X:jsonv2,noswissmap"}) {
    EXPECT_EQ(experiment_that_moves_fields(text), "") << text;
  }
  EXPECT_EQ(experiment_that_moves_fields("go1.24.1 X:nospinbitmutex"), "nospinbitmutex");
  EXPECT_EQ(experiment_that_moves_fields("go1.26.8-X:nogreenteagc"), "nogreenteagc");
  EXPECT_EQ(experiment_that_moves_fields("go1.26.1-X:jsonv2,staticlockranking,simd"), "staticlockranking");
  EXPECT_EQ(experiment_that_moves_fields("go1.29.0-X:nonsense (vendor)"), "nonsense");
}

TEST(GoLayout, HasARowForEveryReleaseFrom118To127) {
  for (std::uint16_t minor = 18; minor <= 27; ++minor) {
    const auto row = layout_of(GoVersion{1, minor, 3});
    ASSERT_TRUE(row) << row.error();
    EXPECT_EQ((*row)->g.syscallbp.has_value(), minor >= 23);
    EXPECT_EQ((*row)->p.goroutines_created.has_value(), minor >= 26);
    EXPECT_EQ((*row)->func.inlined_has_parent, minor < 20);
    EXPECT_FALSE((*row)->source.empty());
    EXPECT_NE(std::ranges::find((*row)->wait_reasons, "chan receive"), (*row)->wait_reasons.end());
  }
}

TEST(GoLayout, NeverGuessesOutsideTheTable) {
  for (const GoVersion version : {GoVersion{1, 17, 13}, GoVersion{1, 28, 0}, GoVersion{2, 0, 0}}) {
    const auto row = layout_of(version);
    ASSERT_FALSE(row);
    EXPECT_EQ(row.error().code, ErrorCode::unsupported_go_version);
  }
}

}  // namespace
}  // namespace proctor
