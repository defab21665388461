#include "collectors/os/proc_limits.h"

#include <algorithm>
#include <charconv>

namespace proctor {
namespace {

/// The number after the name of a limit; absent for "unlimited", and for the largest number, which means it too.
std::optional<std::uint64_t> soft_limit(std::string_view text, std::string_view name) {
  const std::size_t at = text.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + name.size());
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  std::uint64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc{} || value == UINT64_MAX) return std::nullopt;
  return value;
}

}  // namespace

ProcLimits parse_proc_limits(std::string_view text) {
  return {.open_files = soft_limit(text, "Max open files"),
          .address_space = soft_limit(text, "Max address space"),
          .threads = soft_limit(text, "Max processes")};
}

Result<ProcLimits> read_proc_limits(const ProcDir& process) {
  return parse_proc_limits(PROCTOR_TRY(process.read_file("limits")));
}

}  // namespace proctor
