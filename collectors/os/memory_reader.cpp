#include "collectors/os/memory_reader.h"

namespace proctor {

Result<std::string> MemoryReader::read_text(RemoteAddress from, std::uint64_t size) const {
  constexpr std::uint64_t kMaxText = std::uint64_t{1} << 20;
  if (size > kMaxText) return fail(ErrorCode::limit_reached, "text of {} bytes at {:#x}", size, number(from));
  std::string text(size, '\0');
  PROCTOR_TRY_VOID(read(from, std::as_writable_bytes(std::span{text})));
  return text;
}

}  // namespace proctor
