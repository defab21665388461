#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

namespace proctor {

/// A T at `offset` in little-endian bytes, or nothing where it does not fit.
template <typename T>
std::optional<T> load(std::span<const std::byte> bytes, std::uint64_t offset) {
  static_assert(std::is_trivially_copyable_v<T>);
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

/// Reads forward through untrusted bytes. Past the end every read gives nothing, and stays so.
class ByteCursor {
 public:
  explicit ByteCursor(std::span<const std::byte> bytes) : bytes_(bytes) {}

  template <typename T>
  std::optional<T> read() {
    auto value = load<T>(bytes_, position_);
    position_ = value ? position_ + sizeof(T) : bytes_.size();
    return value;
  }

  /// Base-128 varint as Go's encoding/binary and protobuf write it, at most 10 bytes.
  std::optional<std::uint64_t> read_uvarint();
  /// `size` bytes as text.
  std::optional<std::string_view> read_text(std::uint64_t size);
  void skip(std::uint64_t size);

  std::uint64_t position() const { return position_; }
  std::uint64_t remaining() const { return bytes_.size() - position_; }

 private:
  std::span<const std::byte> bytes_;
  std::uint64_t position_ = 0;
};

/// The NUL-terminated text at `offset`; nothing where no NUL follows within `limit` bytes.
std::optional<std::string_view> load_c_string(std::span<const std::byte> bytes, std::uint64_t offset,
                                              std::uint64_t limit = 4096);

}  // namespace proctor
