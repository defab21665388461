#include "tests/conformance/go_conformance.h"

#include <algorithm>
#include <filesystem>

namespace proctor {

namespace fs = std::filesystem;

std::vector<std::string> park_binaries() {
  std::vector<std::string> binaries;
  if (fs::exists(PARK_BINARIES)) {
    for (const auto& entry : fs::directory_iterator(PARK_BINARIES)) binaries.push_back(entry.path());
  }
  std::ranges::sort(binaries);
  return binaries;
}

bool is_stripped(const std::string& binary) { return binary.ends_with("-stripped"); }

GoroutineHistory watch(const TestProgram& child) {
  const auto root = ProcRoot::open("/proc");
  auto process = GoProcess::attach(root->open_process(child.pid()).value());
  EXPECT_TRUE(process) << process.error();
  return GoroutineHistory{*std::move(process)};
}

std::map<std::string, std::uint64_t> members_by_function(const GoroutineSnapshot& snapshot) {
  std::map<std::string, std::uint64_t> members;
  for (const GoroutineSample& goroutine : snapshot.goroutines) {
    if (!goroutine.system) ++members[snapshot.sites[goroutine.site]->user.function];
  }
  return members;
}

std::uint64_t user_goroutines(const GoroutineSnapshot& snapshot) {
  return static_cast<std::uint64_t>(std::ranges::count(snapshot.goroutines, false, &GoroutineSample::system));
}

std::shared_ptr<const GoroutineSnapshot> look_at_rest(GoroutineHistory& history) {
  while (true) {
    const auto snapshot = history.look();
    EXPECT_TRUE(snapshot) << snapshot.error();
    if (!snapshot) return nullptr;
    const bool rests = std::ranges::all_of((*snapshot)->goroutines, [&](const GoroutineSample& goroutine) {
      return goroutine.system || goroutine.state == GoroutineState::waiting ||
             goroutine.state == GoroutineState::syscall;
    });
    if (rests && (*snapshot)->torn == 0) return *snapshot;
  }
}

INSTANTIATE_TEST_SUITE_P(Builds, GoConformance, testing::ValuesIn(park_binaries()), [](const auto& binary) {
  std::string name = fs::path{binary.param}.filename();
  std::ranges::replace_if(
      name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
});
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(GoConformance);

}  // namespace proctor

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (proctor::park_binaries().empty()) std::puts("Skipped: no Go toolchain on this machine");
  return RUN_ALL_TESTS();
}
