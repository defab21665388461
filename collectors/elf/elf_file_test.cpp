#include "collectors/elf/elf_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <random>

#include "collectors/elf/image_reader.h"

namespace proctor {
namespace {

extern "C" {
int symbol_that_the_test_looks_for = 4711;
}

UniqueFd open_self() { return UniqueFd{::open("/proc/self/exe", O_RDONLY | O_CLOEXEC)}; }

std::vector<std::byte> bytes_of_self() {
  const UniqueFd self = open_self();
  std::vector<std::byte> bytes(static_cast<std::size_t>(::lseek(self.get(), 0, SEEK_END)));
  EXPECT_EQ(::pread(self.get(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  return bytes;
}

UniqueFd file_of(std::span<const std::byte> bytes) {
  UniqueFd file{::memfd_create("elf", MFD_CLOEXEC)};
  EXPECT_EQ(::pwrite(file.get(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  return file;
}

/// Asks for everything; what matters is that it comes back.
void use(const ElfFile& file) {
  constexpr std::array<std::string_view, 2> kNames{"main", "symbol_that_the_test_looks_for"};
  (void)file.find_symbols(kNames);
  (void)file.build_id();
  for (const char* name : {".text", ".rodata", ".bss", ".shstrtab"}) {
    if (const ElfSection* section = file.section(name)) (void)file.read_section(*section);
  }
  std::array<std::byte, 16> bytes{};
  for (const ElfSegment& segment : file.segments()) (void)file.read_at(segment.address, bytes);
}

TEST(ElfFile, FindsASymbolAndItsBytes) {
  auto opened = ElfFile::open(open_self());
  ASSERT_TRUE(opened) << opened.error();
  const auto file = std::make_shared<const ElfFile>(*std::move(opened));
  constexpr std::array<std::string_view, 2> kNames{"symbol_that_the_test_looks_for", "there_is_no_such_symbol"};
  const auto symbols = file->find_symbols(kNames);
  ASSERT_TRUE(symbols[0]);
  EXPECT_FALSE(symbols[1]);
  EXPECT_EQ(symbols[0]->size, sizeof(int));
  const LoadBias bias{reinterpret_cast<std::uint64_t>(&symbol_that_the_test_looks_for) - number(symbols[0]->address)};
  const ImageReader image{file, bias};
  const RemoteAddress address{reinterpret_cast<std::uint64_t>(&symbol_that_the_test_looks_for)};
  EXPECT_EQ(image.read_value<int>(address).value(), 4711);
}

TEST(ElfFile, HasSectionsAndABuildId) {
  const auto file = ElfFile::open(open_self());
  ASSERT_TRUE(file) << file.error();
  EXPECT_TRUE(file->is_amd64());
  ASSERT_NE(file->section(".text"), nullptr);
  EXPECT_EQ(file->section(".no_such_section"), nullptr);
  EXPECT_FALSE(file->section(".bss")->has_bytes);
  EXPECT_EQ(file->build_id().size(), 40U);
}

TEST(ElfFile, RefusesWhatIsNoElfFile) {
  EXPECT_EQ(ElfFile::open(file_of({})).error().code, ErrorCode::malformed);
  const std::array<std::byte, 4> script{std::byte{'#'}, std::byte{'!'}, std::byte{'/'}, std::byte{'b'}};
  EXPECT_EQ(ElfFile::open(file_of(script)).error().code, ErrorCode::malformed);
  EXPECT_EQ(ElfFile::open(UniqueFd{::open("/dev/zero", O_RDONLY)}).error().code, ErrorCode::malformed);
}

TEST(ElfFile, SurvivesEveryTruncation) {
  const std::vector<std::byte> whole = bytes_of_self();
  for (std::size_t size = 1; size < whole.size(); size += size / 3 + 1) {
    const auto file = ElfFile::open(file_of(std::span{whole}.first(size)));
    if (file) use(*file);
  }
}

TEST(ElfFile, SurvivesDamagedHeaders) {
  const std::vector<std::byte> whole = bytes_of_self();
  std::mt19937 random{20240229};  // a fixed seed: a failure can be repeated
  for (int round = 0; round < 300; ++round) {
    std::vector<std::byte> damaged = whole;
    const bool sections = round % 2 == 0;
    const std::size_t begin = sections ? damaged.size() - 4096 : 0;
    for (int i = 0; i < 20; ++i) damaged[begin + random() % 2048] = static_cast<std::byte>(random());
    const auto file = ElfFile::open(file_of(damaged));
    if (file) use(*file);
  }
}

}  // namespace
}  // namespace proctor
