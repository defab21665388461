#include "collectors/go/build_info.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "collectors/go/user_code.h"

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

TEST(UserCode, AFunctionIsOfTheModuleWithTheLongestPath) {
  const std::vector<GoModuleVersion> modules{
      {"example.com/a", "v1.0.0"}, {"example.com/a/b", "v2.3.4"}, {"gopkg.in/yaml.v3", "v3.0.1"}};
  const auto version_of = [&](std::string_view function) {
    const GoModuleVersion* module = module_of(modules, function);
    return module == nullptr ? std::string{} : module->version;
  };
  EXPECT_EQ(version_of("example.com/a.Serve"), "v1.0.0");
  EXPECT_EQ(version_of("example.com/a/b/c.(*T).run"), "v2.3.4");
  EXPECT_EQ(version_of("example.com/a/bc.Run"), "v1.0.0");
  EXPECT_EQ(version_of("gopkg.in/yaml%2ev3.Unmarshal"), "v3.0.1");
  EXPECT_EQ(version_of("main.main"), "");
  EXPECT_EQ(version_of("net/http.(*conn).serve"), "");
}

}  // namespace
}  // namespace proctor
