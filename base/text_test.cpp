#include "base/text.h"

#include <gtest/gtest.h>

#include <string>

namespace proctor {
namespace {

TEST(ToValidUtf8, KeepsWhatIsValid) { EXPECT_EQ(to_valid_utf8("tmux: Größe 日本"), "tmux: Größe 日本"); }

TEST(ToValidUtf8, ReplacesACharacterThatTheKernelCutInTwo) {
  EXPECT_EQ(to_valid_utf8("worker-\xE6\x97"), "worker-\uFFFD\uFFFD");
}

TEST(ToValidUtf8, RefusesOverlongFormsAndSurrogates) {
  EXPECT_EQ(to_valid_utf8("\xC0\xAF"), "\uFFFD\uFFFD");
  EXPECT_EQ(to_valid_utf8("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");
}

TEST(ToValidUtf8, CutsBetweenCharacters) {
  EXPECT_EQ(to_valid_utf8("aé", 2), "a");
  EXPECT_EQ(to_valid_utf8(std::string(1000, 'x')).size(), kMaxLabelBytes);
}

TEST(FoldNumbers, MakesOneNameOfAPool) {
  EXPECT_EQ(fold_numbers("pool-7-thread-12"), "pool-*-thread-*");
  EXPECT_EQ(fold_numbers("worker-3f2a91bc"), "worker-*");
  EXPECT_EQ(fold_numbers("tokio-runtime-w"), "tokio-runtime-w");
  EXPECT_EQ(fold_numbers("cafe"), "cafe");
}

TEST(GlobMatches, IsAnchored) {
  EXPECT_TRUE(glob_matches("/usr/bin/*", "/usr/bin/env"));
  EXPECT_FALSE(glob_matches("bin", "/usr/bin"));
}

}  // namespace
}  // namespace proctor
