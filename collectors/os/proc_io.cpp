#include "collectors/os/proc_io.h"

#include <charconv>

namespace proctor {
namespace {

std::optional<Bytes> value_of(std::string_view text, std::string_view key) {
  const std::size_t at = text.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + key.size());
  std::uint64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  return parsed.ec == std::errc{} ? std::optional{Bytes{value}} : std::nullopt;
}

}  // namespace

ProcIo parse_proc_io(std::string_view text) {
  return {.read = value_of(text, "\nread_bytes: "), .written = value_of(text, "\nwrite_bytes: ")};
}

Result<ProcIo> read_proc_io(const ProcDir& process) { return parse_proc_io(PROCTOR_TRY(process.read_record("io"))); }

}  // namespace proctor
