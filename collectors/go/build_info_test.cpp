#include "collectors/go/build_info.h"

#include <fcntl.h>
#include <gtest/gtest.h>

namespace proctor {
namespace {

TEST(BuildInfo, OfAProgramThatIsNotGoIsNotFound) {
  const auto file = ElfFile::open(UniqueFd{::open("/proc/self/exe", O_RDONLY)});
  ASSERT_TRUE(file) << file.error();
  const auto info = read_build_info(*file);
  ASSERT_FALSE(info);
  EXPECT_EQ(info.error().code, ErrorCode::not_found);
}

TEST(BuildInfo, NamesReleaseAndModuleOfARealBinary) {
  UniqueFd prometheus{::open("/usr/bin/prometheus", O_RDONLY)};
  if (!prometheus.valid()) GTEST_SKIP() << "Skipped: no /usr/bin/prometheus";
  const auto file = ElfFile::open(std::move(prometheus));
  ASSERT_TRUE(file) << file.error();
  const auto info = read_build_info(*file);
  ASSERT_TRUE(info) << info.error();
  EXPECT_TRUE(info->go_version.starts_with("go1.")) << info->go_version;
}

}  // namespace
}  // namespace proctor
