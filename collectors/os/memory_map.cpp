#include "collectors/os/memory_map.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace proctor {
namespace {

constexpr std::string_view kDeleted = " (deleted)";

/// Takes a number and the one character that must follow it.
std::optional<std::uint64_t> take_number(std::string_view& text, int base, char end) {
  std::uint64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (parsed.ec != std::errc{} || parsed.ptr == text.data() + text.size() || *parsed.ptr != end) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()) + 1);
  return value;
}

/// The kernel writes a newline in a path as \012, so that a mapping is one line.
std::string unescape_newlines(std::string_view path) {
  std::string text{path};
  for (std::size_t at = text.find("\\012"); at != std::string::npos; at = text.find("\\012", at + 1)) {
    text.replace(at, 4, "\n");
  }
  return text;
}

std::optional<MemoryMapping> parse_line(std::string_view line) {
  const auto begin = take_number(line, 16, '-');
  const auto end = begin ? take_number(line, 16, ' ') : std::nullopt;
  if (!end || *end < *begin || line.size() < 5) return std::nullopt;
  MemoryMapping mapping;
  mapping.range = {RemoteAddress{*begin}, RemoteAddress{*end}};
  mapping.readable = line[0] == 'r';
  mapping.writable = line[1] == 'w';
  mapping.executable = line[2] == 'x';
  mapping.shared = line[3] == 's';
  line.remove_prefix(5);
  const auto offset = take_number(line, 16, ' ');
  const auto major = offset ? take_number(line, 16, ':') : std::nullopt;
  const auto minor = major ? take_number(line, 16, ' ') : std::nullopt;
  std::uint64_t inode = 0;
  const auto parsed = std::from_chars(line.data(), line.data() + line.size(), inode);
  if (!minor || parsed.ec != std::errc{}) return std::nullopt;
  line.remove_prefix(static_cast<std::size_t>(parsed.ptr - line.data()));
  mapping.offset = FileOffset{*offset};
  mapping.device = *major << 32 | *minor;
  mapping.inode = Inode{inode};
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  mapping.deleted = line.ends_with(kDeleted);
  if (mapping.deleted) line.remove_suffix(kDeleted.size());
  mapping.path = unescape_newlines(line);
  return mapping;
}

bool ascending(const std::vector<MemoryMapping>& mappings) {
  for (std::size_t i = 1; i < mappings.size(); ++i) {
    if (mappings[i].range.begin < mappings[i - 1].range.end) return false;
  }
  return true;
}

}  // namespace

Result<std::vector<MemoryMapping>> parse_memory_map(std::string_view text) {
  std::vector<MemoryMapping> mappings;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    auto mapping = parse_line(text.substr(0, end));
    if (!mapping) return fail(ErrorCode::malformed, "maps: {}", text.substr(0, std::min<std::size_t>(end, 80)));
    mappings.push_back(*std::move(mapping));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return mappings;
}

Result<std::vector<MemoryMapping>> read_memory_map(const ProcDir& process) {
  constexpr int kAttempts = 3;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    auto mappings = parse_memory_map(PROCTOR_TRY(process.read_file("maps", std::size_t{64} << 20)));
    if (!mappings || ascending(*mappings)) return mappings;
  }
  return fail(ErrorCode::torn_read, "maps of process {} changes while it is read", number(process.pid()));
}

}  // namespace proctor
