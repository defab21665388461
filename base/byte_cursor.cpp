#include "base/byte_cursor.h"

#include <algorithm>

namespace proctor {

std::optional<std::uint64_t> ByteCursor::read_uvarint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 70; shift += 7) {
    const auto byte = read<std::uint8_t>();
    if (!byte) return std::nullopt;
    if (shift == 63 && *byte > 1) break;  // would not fit 64 bits
    value |= static_cast<std::uint64_t>(*byte & 0x7f) << shift;
    if ((*byte & 0x80) == 0) return value;
  }
  position_ = bytes_.size();
  return std::nullopt;
}

std::optional<std::string_view> ByteCursor::read_text(std::uint64_t size) {
  if (size > remaining()) {
    position_ = bytes_.size();
    return std::nullopt;
  }
  const auto* begin = reinterpret_cast<const char*>(bytes_.data() + position_);
  position_ += size;
  return std::string_view{begin, size};
}

void ByteCursor::skip(std::uint64_t size) { position_ += std::min(size, remaining()); }

std::optional<std::string_view> load_c_string(std::span<const std::byte> bytes, std::uint64_t offset,
                                              std::uint64_t limit) {
  if (offset >= bytes.size()) return std::nullopt;
  const auto rest = bytes.subspan(offset, std::min<std::uint64_t>(limit, bytes.size() - offset));
  const auto end = std::find(rest.begin(), rest.end(), std::byte{0});
  if (end == rest.end()) return std::nullopt;
  return std::string_view{reinterpret_cast<const char*>(rest.data()), static_cast<std::size_t>(end - rest.begin())};
}

}  // namespace proctor
