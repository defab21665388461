#include "collectors/go/go_type.h"

#include <array>
#include <span>

#include "base/byte_cursor.h"
#include "base/text.h"

namespace proctor {
namespace {

constexpr std::uint64_t kMaxNameBytes = 512;
constexpr std::uint8_t kExtraStar = 2;  // of _type.tflag: the text begins with a star that the name has not

}  // namespace

Result<std::string> read_type_name(const GoProcess& process, RemoteAddress type) {
  const TypeLayout& layout = process.layout().type;
  const MemoryReader& memory = process.memory();
  const AddressRange types = process.module().types;
  const auto offset = PROCTOR_TRY(memory.read_value<std::int32_t>(type + layout.str));
  const auto flags = PROCTOR_TRY(memory.read_value<std::uint8_t>(type + layout.tflag));
  if (offset < 0 || static_cast<std::uint64_t>(offset) >= types.size()) {
    return fail(ErrorCode::implausible, "no type at {:#x}", number(type));
  }
  // A byte of flags, the length as a varint, the text.
  const RemoteAddress at = types.begin + static_cast<std::uint64_t>(offset);
  std::array<std::byte, 4> head{};
  PROCTOR_TRY_VOID(memory.read(at, head));
  ByteCursor cursor{head};
  cursor.skip(1);
  const auto length = cursor.read_uvarint();
  if (!length || *length == 0 || *length > kMaxNameBytes) {
    return fail(ErrorCode::implausible, "no type name at {:#x}", number(at));
  }
  const std::string text = PROCTOR_TRY(memory.read_text(at + cursor.position(), *length));
  std::string_view name = text;
  if ((flags & kExtraStar) != 0 && name.starts_with('*')) name.remove_prefix(1);
  return to_valid_utf8(name, kMaxNameBytes);
}

}  // namespace proctor
