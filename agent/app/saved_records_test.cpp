#include "agent/app/saved_records.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "agent/platform/state_file.h"

namespace proctor {
namespace {

using namespace std::chrono_literals;

constexpr MonotonicTime kStart{1h};
constexpr TargetIdentity kTarget{.pid = Pid{42}, .start_time = StartTime{4242}};

SiteRef site(const std::string& function) {
  Site site{.state = "waiting", .reason = "chan send", .user = {function, "/src/main.go", 52}};
  site.frames = {{"runtime.gopark", "/go/proc.go", 1}, site.user};
  identify(site);
  return std::make_shared<const Site>(std::move(site));
}

/// A process that leaks a goroutine and a descriptor every ten seconds, and a MiB with each.
std::shared_ptr<const Observation> look(int second) {
  auto made = std::make_shared<Observation>();
  made->target.identity = kTarget;
  made->sampled_at = kStart + std::chrono::seconds{second};
  made->taken_at = WallTime{std::chrono::seconds{1'800'000'000 + second}};
  made->target.started_at = WallTime{std::chrono::seconds{1'800'000'000 - 3600}};
  const auto count = static_cast<std::uint64_t>(100 + second / 10);
  auto goroutines = std::make_shared<GoroutineSnapshot>();
  goroutines->sites = {site("main.send"), site("main.serve")};
  for (std::uint64_t goid = 1; goid <= count; ++goid) {
    goroutines->goroutines.push_back({.goid = goid, .site = goid < 50 ? 1U : 0U});
  }
  made->goroutines = std::shared_ptr<const GoroutineSnapshot>{std::move(goroutines)};
  auto fds = std::make_shared<FdSnapshot>();
  fds->sites = {site("file")};
  for (std::uint64_t fd = 0; fd < count; ++fd) {
    fds->fds.push_back({.fd = static_cast<std::int32_t>(fd), .inode = Inode{fd + 1}});
  }
  fds->open = count;
  made->fds = std::shared_ptr<const FdSnapshot>{std::move(fds)};
  auto memory = std::make_shared<MemorySnapshot>();
  memory->resident = memory->anonymous.emplace(Bytes{(64U << 20) + (count << 20)});
  made->memory = std::shared_ptr<const MemorySnapshot>{std::move(memory)};
  return made;
}

std::vector<std::string> sentences(const TargetReport& report) {
  std::vector<std::string> lines;
  for (const Finding& finding : report.findings) {
    lines.push_back(std::to_string(finding.since.time_since_epoch() / 1s) + " " + finding.says);
  }
  return lines;
}

class SavedRecords : public testing::Test {
 protected:
  SavedRecords() { config_.findings.window = 10min; }
  ~SavedRecords() override { std::filesystem::remove(file_); }

  TargetRecords records_until(int end) const {
    TargetRecords records;
    TargetRecord& record = records.try_emplace(kTarget, config_.findings, config_.limits).first->second;
    for (int second = 0; second < end; second += 10) record.update(look(second));
    return records;
  }

  Config config_;
  std::filesystem::path file_ = testing::TempDir() + "proctor-records-" + std::to_string(::getpid());
};

TEST_F(SavedRecords, TheNextAgentJudgesAsIfItHadBeenThereAllTheTime) {
  TargetRecords records = records_until(1200);
  TargetRecord& unbroken = records.at(kTarget);
  ASSERT_TRUE(save_records(file_, "boot", records));
  auto loaded = load_records(file_, "boot", config_);
  ASSERT_TRUE(loaded) << loaded.error();
  ASSERT_EQ(loaded->size(), 1U);
  TargetRecord& resumed = loaded->at(kTarget);
  for (int second = 1200; second < 3000; second += 10) {
    const auto expected = sentences(unbroken.update(look(second)));
    ASSERT_EQ(sentences(resumed.update(look(second))), expected) << second;
    ASSERT_GE(expected.size(), 3U) << second;
  }
}

TEST_F(SavedRecords, WhoCameInTheMeantimeIsNoBurst) {
  ASSERT_TRUE(save_records(file_, "boot", records_until(1200)));
  auto loaded = load_records(file_, "boot", config_);
  ASSERT_TRUE(loaded) << loaded.error();
  // A day later there are 8,640 more.
  const TargetReport report = loaded->at(kTarget).update(look(1200 + 86'400));
  EXPECT_EQ(std::ranges::count(report.findings, FindingKind::goroutine_spike, &Finding::kind), 0);
}

TEST_F(SavedRecords, AnotherBootAndNoFileAreANewBeginning) {
  EXPECT_TRUE(load_records(file_, "boot", config_).value().empty());
  ASSERT_TRUE(save_records(file_, "boot", records_until(50)));
  EXPECT_TRUE(load_records(file_, "another", config_).value().empty());
}

TEST_F(SavedRecords, AnotherWindowBeginsToBeFilled) {
  ASSERT_TRUE(save_records(file_, "boot", records_until(1200)));
  config_.findings.window = 20min;
  auto loaded = load_records(file_, "boot", config_);
  ASSERT_TRUE(loaded) << loaded.error();
  const TargetReport report = loaded->at(kTarget).update(look(1200));
  EXPECT_EQ(sentences(report), std::vector<std::string>{});
  EXPECT_EQ(report.populations[0].members, 220U);
  EXPECT_EQ(report.populations[0].arrivals, 120U);
}

TEST_F(SavedRecords, PiecesOfAnotherShapeAreRefused) {
  auto file = StateFile::create(file_, 2);
  ASSERT_TRUE(file) << file.error();
  ASSERT_TRUE(file->add(std::string("\4\0\0\0\0\0\0\0boot", 12)));
  ASSERT_TRUE(file->add(std::string(30, '\1')));
  ASSERT_TRUE(file->commit());
  EXPECT_EQ(load_records(file_, "boot", config_).error().code, ErrorCode::malformed);
}

/// Where this fails, the layout of a state file has changed: raise kFormat, and this hash and format with it.
TEST_F(SavedRecords, TheFormatIsKnown) {
  ASSERT_TRUE(save_records(file_, "boot", records_until(1200)));
  std::uint64_t hash = 14695981039346656037U;
  ASSERT_TRUE(StateFile::read(file_, 2, [&](std::string_view piece) -> Result<void> {
    for (const char byte : piece) hash = (hash ^ static_cast<unsigned char>(byte)) * 1099511628211U;
    return {};
  }));
  EXPECT_EQ(hash, 13172263421598045665U);
}

}  // namespace
}  // namespace proctor
