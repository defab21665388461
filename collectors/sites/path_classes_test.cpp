#include "collectors/sites/path_classes.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

namespace proctor {
namespace {

TEST(PathClasses, NamesMadeAtRandomAreOneClassInTheEnd) {
  PathClasses classes;
  EXPECT_EQ(classes.class_of("/var/lib/store/index"), "/var/lib/store/index");
  std::set<std::string> seen;
  std::string last;
  for (char first = 'a'; first <= 'z'; ++first) {
    for (char second = 'a'; second <= 'z'; ++second) {
      last = classes.class_of(fmt::format("/var/lib/store/up{}{} (deleted)", first, second));
      seen.insert(last);
    }
  }
  EXPECT_EQ(last, "/var/lib/store/* (deleted)");
  EXPECT_LT(seen.size(), 100U);
  // What has a class keeps it, and other folders are no matter.
  EXPECT_EQ(classes.class_of("/var/lib/store/index"), "/var/lib/store/index");
  EXPECT_EQ(classes.class_of("/var/lib/store/upab (deleted)"), "/var/lib/store/upab (deleted)");
  EXPECT_EQ(classes.class_of("/var/lib/other/index"), "/var/lib/other/index");
}

TEST(PathClasses, SoAreFoldersAndMemoryFiles) {
  PathClasses classes;
  for (int i = 0; i < 200; ++i) {
    const std::string name(static_cast<std::size_t>(i) + 1, 'n');
    classes.class_of("/tmp/" + name + "/data");
    classes.class_of("/memfd:" + name);
    classes.class_of("@" + name);
  }
  EXPECT_EQ(classes.class_of("/tmp/another/data"), "/tmp/*/data");
  EXPECT_EQ(classes.class_of("/memfd:another"), "/memfd:*");
  EXPECT_EQ(classes.class_of("@another"), "@*");
  EXPECT_EQ(classes.class_of("/srv/data"), "/srv/data");
  EXPECT_EQ(classes.class_of("[heap]"), "[heap]");
}

TEST(PathClasses, ItTakesNoMoreThanItsBounds) {
  PathClasses classes;
  std::set<std::string> seen;
  std::string path;
  for (int i = 0; i < 100; ++i) path += "/" + std::string(static_cast<std::size_t>(i), 'd');
  for (std::size_t i = 0; i < 1000; ++i) {
    seen.insert(classes.class_of(fmt::format("/{}{}", std::string(1 + i % 50, 'x'), path)));
  }
  EXPECT_LT(seen.size(), 300U);
}

}  // namespace
}  // namespace proctor
