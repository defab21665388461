#include "collectors/os/memory_files.h"

#include <algorithm>
#include <charconv>

namespace proctor {
namespace {

std::optional<Bytes> kibibytes_of(std::string_view text, std::string_view key) {
  const std::size_t at = text.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + key.size());
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  std::uint64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc{} || value > UINT64_MAX / 1024) return std::nullopt;
  return from_kib(value);
}

}  // namespace

SmapsRollup parse_smaps_rollup(std::string_view text) {
  return {.proportional = kibibytes_of(text, "\nPss:"), .lazily_freed = kibibytes_of(text, "\nLazyFree:")};
}

Result<SmapsRollup> read_smaps_rollup(const ProcDir& process) {
  return parse_smaps_rollup(PROCTOR_TRY(process.read_file("smaps_rollup")));
}

Result<std::string> read_statm(const ProcDir& process) { return process.read_record("statm"); }

}  // namespace proctor
