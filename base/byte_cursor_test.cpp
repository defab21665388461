#include "base/byte_cursor.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace proctor {
namespace {

std::vector<std::byte> bytes_of(std::initializer_list<int> values) {
  std::vector<std::byte> bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

TEST(Load, GivesNothingPastTheEnd) {
  const auto bytes = bytes_of({1, 2, 3, 4});
  EXPECT_EQ(load<std::uint32_t>(bytes, 0), 0x04030201U);
  EXPECT_EQ(load<std::uint32_t>(bytes, 1), std::nullopt);
  EXPECT_EQ(load<std::uint8_t>(bytes, ~std::uint64_t{0}), std::nullopt);
}

TEST(ByteCursor, StaysAtTheEndOnceItRanPastIt) {
  const auto bytes = bytes_of({1, 2, 3});
  ByteCursor cursor{bytes};
  EXPECT_EQ(cursor.read<std::uint16_t>(), 0x0201);
  EXPECT_EQ(cursor.read<std::uint16_t>(), std::nullopt);
  EXPECT_EQ(cursor.read<std::uint8_t>(), std::nullopt);
}

TEST(ByteCursor, ReadsVarints) {
  const auto bytes = bytes_of({0xAC, 0x02, 0x7F});
  ByteCursor cursor{bytes};
  EXPECT_EQ(cursor.read_uvarint(), 300U);
  EXPECT_EQ(cursor.read_uvarint(), 127U);
  EXPECT_EQ(cursor.read_uvarint(), std::nullopt);
}

TEST(ByteCursor, RefusesAVarintThatDoesNotFit64Bits) {
  const auto greatest = bytes_of({0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01});
  EXPECT_EQ(ByteCursor{greatest}.read_uvarint(), ~std::uint64_t{0});
  const auto too_great = bytes_of({0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02});
  EXPECT_EQ(ByteCursor{too_great}.read_uvarint(), std::nullopt);
}

TEST(LoadCString, NeedsItsNul) {
  const auto bytes = bytes_of({'a', 'b', 0, 'c'});
  EXPECT_EQ(load_c_string(bytes, 0), "ab");
  EXPECT_EQ(load_c_string(bytes, 3), std::nullopt);
  EXPECT_EQ(load_c_string(bytes, 0, 2), std::nullopt);
}

}  // namespace
}  // namespace proctor
