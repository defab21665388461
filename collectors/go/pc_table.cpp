#include "collectors/go/pc_table.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>

namespace proctor {
namespace {

constexpr int kMaxSteps = 1 << 16;

/// Varints one after the other, read from the image in small pieces.
class TableCursor {
 public:
  TableCursor(const MemoryReader& image, const GoModule::Table& table, std::uint64_t offset)
      : image_(image), table_(table), offset_(offset) {}

  std::optional<std::uint32_t> read_varint() {
    std::uint32_t value = 0;
    for (unsigned shift = 0; shift < 32; shift += 7) {
      const auto byte = next();
      if (!byte) return std::nullopt;
      value |= (static_cast<std::uint32_t>(*byte) & 0x7fU) << shift;
      if ((*byte & std::byte{0x80}) == std::byte{0}) return value;
    }
    return std::nullopt;
  }

 private:
  std::optional<std::byte> next() {
    if (at_ == size_ && !refill()) return std::nullopt;
    return buffer_[at_++];
  }

  bool refill() {
    if (offset_ >= table_.length) return false;
    at_ = 0;
    size_ = std::min<std::uint64_t>(buffer_.size(), table_.length - offset_);
    if (!image_.read(table_.begin + offset_, std::span{buffer_}.first(size_))) {
      size_ = 0;
      return false;
    }
    offset_ += size_;
    return true;
  }

  const MemoryReader& image_;
  GoModule::Table table_;
  std::uint64_t offset_;
  std::array<std::byte, 64> buffer_{};
  std::size_t at_ = 0;
  std::size_t size_ = 0;
};

std::int32_t from_zigzag(std::uint32_t value) {
  return static_cast<std::int32_t>(value >> 1) ^ -static_cast<std::int32_t>(value & 1);
}

}  // namespace

Result<std::int32_t> value_in_pc_table(const MemoryReader& image, const GoModule::Table& pctab, std::uint64_t offset,
                                       std::uint64_t pc_offset) {
  TableCursor cursor{image, pctab, offset};
  std::uint32_t value = 0xffffffff;  // -1; unsigned, so that hostile deltas wrap instead of overflowing
  std::uint64_t end = 0;
  for (int step = 0; step < kMaxSteps; ++step) {
    const auto delta = cursor.read_varint();
    if (!delta) break;
    // A delta of 0 ends the table, except in the first pair.
    if (*delta == 0 && step > 0) return fail(ErrorCode::not_found, "past the end of a pc-value table");
    const auto length = cursor.read_varint();
    if (!length) break;
    value += static_cast<std::uint32_t>(from_zigzag(*delta));
    end += *length;
    if (pc_offset < end) return static_cast<std::int32_t>(value);
  }
  return fail(ErrorCode::malformed, "a pc-value table does not end");
}

}  // namespace proctor
