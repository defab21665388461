#include "collectors/os/cgroup.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace proctor {
namespace {

namespace fs = std::filesystem;

const std::string kId(64, 'a');
const std::string kInner(64, 'b');

TEST(Cgroup, SplitsAtTheFirstTwoColonsOnly) {
  const auto lines = parse_cgroup("4:memory:/a:b:c\n1:name=systemd:/x\n0::/user.slice/y:z\nnonsense\n");
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0].controllers, "memory");
  EXPECT_EQ(lines[0].path, "/a:b:c");
  EXPECT_EQ(lines[1].controllers, "name=systemd");
  EXPECT_EQ(lines[2].controllers, "");
  EXPECT_EQ(lines[2].path, "/user.slice/y:z");
}

TEST(Cgroup, NamesTheInnermostContainer) {
  EXPECT_EQ(container_id_of(parse_cgroup("0::/docker/" + kId + "/docker/" + kInner + "\n")), kInner);
  EXPECT_EQ(container_id_of(parse_cgroup("0::/system.slice/docker-" + kId + ".scope\n")), kId);
  EXPECT_EQ(container_id_of(parse_cgroup("4:memory:/kubepods/burstable/podx/" + kId + "\n0::/\n")), kId);
  EXPECT_EQ(container_id_of(parse_cgroup("0::/a/" + kId.substr(1) + "\n")), "");  // 63 digits
  EXPECT_EQ(container_id_of(parse_cgroup("0::/user.slice/user-1000.slice\n")), "");
}

TEST(Cgroup, NamesThePodWithDashes) {
  const std::string uid = "2f9c41d0-7ab3-4e5f-8a1b-0123456789ab";
  EXPECT_EQ(pod_uid_of(parse_cgroup("0::/kubepods/burstable/pod" + uid + "/" + kId + "\n")), uid);
  EXPECT_EQ(pod_uid_of(parse_cgroup("0::/kubepods.slice/kubepods-pod2f9c41d0_7ab3_4e5f_8a1b_0123456789ab.slice/"
                                    "cri-containerd-" +
                                    kId + ".scope\n")),
            uid);
  EXPECT_EQ(pod_uid_of(parse_cgroup("0::/podman/x\n")), "");
}

/// A hierarchy of cgroups in a folder of its own.
class CgroupLimit : public testing::Test {
 protected:
  CgroupLimit() : mount_(fs::path{testing::TempDir()} / "cgroup-limit-test") {
    fs::remove_all(mount_);
    fs::create_directories(mount_ / "a/b");
    fs::create_directories(mount_ / "memory/a/b");
  }
  ~CgroupLimit() override { fs::remove_all(mount_); }
  void write(const std::string& file, const std::string& text) const { std::ofstream{mount_ / file} << text << "\n"; }
  std::optional<Bytes> limit(const std::string& lines) const {
    return cgroup_memory_limit(parse_cgroup(lines), mount_);
  }

  fs::path mount_;
};

TEST_F(CgroupLimit, IsTheLowestOnTheWayUp) {
  write("a/b/memory.max", "max");
  write("a/memory.max", "1048576");
  EXPECT_EQ(limit("0::/a/b\n"), Bytes{1048576});
  write("a/b/memory.max", "4096");
  EXPECT_EQ(limit("0::/a/b\n"), Bytes{4096});
}

TEST_F(CgroupLimit, OfVersion1IsFoundInItsOwnHierarchy) {
  write("memory/a/b/memory.limit_in_bytes", "9223372036854771712");
  EXPECT_EQ(limit("4:memory:/a/b\n0::/a/b\n"), std::nullopt);
  write("memory/a/memory.limit_in_bytes", "2048");
  EXPECT_EQ(limit("4:memory,cpu:/a/b\n0::/a/b\n"), Bytes{2048});
}

TEST_F(CgroupLimit, OfThreadsIsOfAllInTheCgroupThatHasIt) {
  write("a/pids.max", "100");
  write("a/pids.current", "97");
  write("a/b/pids.max", "max");
  write("a/b/pids.current", "3");
  const auto limit = cgroup_thread_limit(parse_cgroup("0::/a/b\n"), mount_);
  ASSERT_TRUE(limit);
  EXPECT_EQ(limit->limit, 100U);
  EXPECT_EQ(read_cgroup_number(limit->in_use), 97U);
  EXPECT_EQ(read_cgroup_number(mount_ / "a/b/pids.max"), std::nullopt);
}

TEST_F(CgroupLimit, IsAbsentWhereNothingLimits) {
  EXPECT_EQ(limit("0::/a/b\n"), std::nullopt);
  EXPECT_EQ(limit("0::/gone/elsewhere\n"), std::nullopt);
  EXPECT_EQ(limit(""), std::nullopt);
}

}  // namespace
}  // namespace proctor
