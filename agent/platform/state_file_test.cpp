#include "agent/platform/state_file.h"

#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <vector>

#include "agent/platform/storage_folder.h"

namespace proctor {
namespace {

using Pieces = std::vector<std::string>;

constexpr std::uint32_t kFormat = 7;

class StateFileTest : public testing::Test {
 protected:
  StateFileTest() : folder_(make_folder()), path_(folder_ / "state") {}
  ~StateFileTest() override { std::filesystem::remove_all(folder_); }

  static std::filesystem::path make_folder() {
    std::string name = testing::TempDir() + "proctor-state-XXXXXX";
    return ::mkdtemp(name.data());
  }

  Result<void> write(const Pieces& pieces) {
    auto file = StateFile::create(path_, kFormat);
    if (!file) return tl::unexpected(file.error());
    for (const std::string& piece : pieces) {
      if (auto added = file->add(piece); !added) return added;
    }
    return file->commit();
  }

  Result<Pieces> read(std::uint32_t format = kFormat) {
    Pieces pieces;
    const auto read = StateFile::read(path_, format, [&](std::string_view piece) -> Result<void> {
      pieces.emplace_back(piece);
      return {};
    });
    if (!read) return tl::unexpected(read.error());
    return pieces;
  }

  std::string bytes() const {
    std::ifstream file{path_, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
  }

  void replace(const std::string& bytes) const { std::ofstream{path_, std::ios::binary} << bytes; }

  std::filesystem::path folder_;
  std::filesystem::path path_;
};

const Pieces& some_pieces() {
  static const Pieces pieces{"first", std::string(100'000, 'x'), std::string{"\0\1\2", 3}};
  return pieces;
}

TEST_F(StateFileTest, GivesBackWhatWasWrittenAndOnlyItsOwnerReadsIt) {
  ASSERT_TRUE(write(some_pieces()));
  EXPECT_EQ(read().value(), some_pieces());
  EXPECT_LT(bytes().size(), 1000U);
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(StateFileTest, NoDamageGoesUnseen) {
  ASSERT_TRUE(write(some_pieces()));
  const std::string whole = bytes();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    replace(whole.substr(0, size));
    ASSERT_FALSE(read()) << size;
    EXPECT_EQ(read().error().code, ErrorCode::malformed) << size;
  }
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    replace(damaged);
    const auto pieces = read();
    // A bit of a frame's header may be one that nobody reads.
    if (pieces) {
      EXPECT_EQ(*pieces, some_pieces()) << i;
    }
  }
}

TEST_F(StateFileTest, AnotherFormatAndNoFileAreSaid) {
  EXPECT_EQ(read().error().code, ErrorCode::not_found);
  ASSERT_TRUE(write(some_pieces()));
  EXPECT_EQ(read(kFormat + 1).error().code, ErrorCode::not_supported);
}

TEST_F(StateFileTest, WhatIsNotCommittedChangesNothing) {
  ASSERT_TRUE(write(some_pieces()));
  {
    auto file = StateFile::create(path_, kFormat);
    ASSERT_TRUE(file) << file.error();
    ASSERT_TRUE(file->add("other"));
  }
  EXPECT_EQ(read().value(), some_pieces());
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator{folder_}, {}), 1);
}

TEST_F(StateFileTest, AFolderIsOfOneAgentAtATime) {
  const auto place = folder_ / "made" / "here";
  {
    const auto storage = StorageFolder::open(place);
    ASSERT_TRUE(storage) << storage.error();
    EXPECT_EQ(StorageFolder::open(place).error().code, ErrorCode::limit_reached);
    EXPECT_EQ(storage->set_state_aside(), std::nullopt);
    std::ofstream{storage->state_file()} << "damaged";
    const auto aside = storage->set_state_aside();
    ASSERT_TRUE(aside);
    EXPECT_TRUE(std::filesystem::exists(*aside));
    EXPECT_FALSE(std::filesystem::exists(storage->state_file()));
  }
  EXPECT_TRUE(StorageFolder::open(place));
}

}  // namespace
}  // namespace proctor
