#include "collectors/go/build_info.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/byte_cursor.h"
#include "base/text.h"

namespace proctor {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kMagic = "\xff Go buildinf:";
constexpr std::size_t kAlignment = 16;
constexpr std::size_t kHeaderBytes = 32;
constexpr std::size_t kMaxDependencies = 4096;
constexpr std::size_t kFlagsAt = 15;
constexpr std::byte kInlineFlag{2};
constexpr std::size_t kFrameBytes = 16;  // stands at both ends of the module text
constexpr std::uint64_t kMaxSegmentScan = std::uint64_t{1} << 20;

/// The bytes from the magic on, out of the section or the first writable segment.
Result<std::vector<std::byte>> find_blob(const ElfFile& file) {
  std::vector<std::byte> bytes;
  if (const ElfSection* section = file.section(".go.buildinfo")) {
    bytes = PROCTOR_TRY(file.read_section(*section));
  } else {
    const auto& segments = file.segments();
    const auto writable = std::ranges::find(segments, true, &ElfSegment::writable);
    if (writable == segments.end()) return fail(ErrorCode::not_found, "no writable segment");
    bytes.resize(std::min(writable->file_size, kMaxSegmentScan));
    PROCTOR_TRY_VOID(file.read_at(writable->address, bytes));
  }
  for (std::size_t at = 0; at + kHeaderBytes <= bytes.size(); at += kAlignment) {
    if (std::memcmp(bytes.data() + at, kMagic.data(), kMagic.size()) == 0) {
      bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
      return bytes;
    }
  }
  return fail(ErrorCode::not_found, "no Go build information");
}

std::optional<std::string_view> take_string(ByteCursor& cursor) {
  const auto size = cursor.read_uvarint();
  return size ? cursor.read_text(*size) : std::nullopt;
}

/// The tab-separated fields of a line, at most four.
std::vector<std::string_view> split_tabs(std::string_view line) {
  std::vector<std::string_view> fields;
  while (fields.size() < 4) {
    const std::size_t tab = line.find('\t');
    fields.push_back(line.substr(0, tab));
    if (tab == std::string_view::npos) break;
    line.remove_prefix(tab + 1);
  }
  return fields;
}

void read_modules(std::string_view text, GoBuildInfo& info) {
  bool modified = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const auto fields = split_tabs(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (fields.size() >= 3 && fields[0] == "mod"sv) {
      info.module = to_valid_utf8(fields[1]);
      info.module_version = to_valid_utf8(fields[2]);
    } else if (fields.size() >= 3 && fields[0] == "dep"sv && info.dependencies.size() < kMaxDependencies) {
      info.dependencies.push_back({.path = to_valid_utf8(fields[1]), .version = to_valid_utf8(fields[2])});
    } else if (fields.size() >= 3 && fields[0] == "=>"sv && !info.dependencies.empty()) {
      info.dependencies.back().version = to_valid_utf8(fields[2]);
    } else if (fields.size() >= 2 && fields[0] == "build"sv) {
      if (fields[1].starts_with("vcs.revision="sv)) info.revision = to_valid_utf8(fields[1].substr(13));
      if (fields[1].starts_with("DefaultGODEBUG="sv)) info.default_godebug = to_valid_utf8(fields[1].substr(15), 1024);
      modified = modified || fields[1] == "vcs.modified=true"sv;
    }
  }
  if (modified && !info.revision.empty()) info.revision += "-dirty";
}

}  // namespace

Result<GoBuildInfo> read_build_info(const ElfFile& file) {
  const std::vector<std::byte> blob = PROCTOR_TRY(find_blob(file));
  if ((blob[kFlagsAt] & kInlineFlag) == std::byte{0}) {
    return fail(ErrorCode::unsupported_go_version, "build information in the form of Go before 1.18");
  }
  ByteCursor cursor{std::span{blob}.subspan(kHeaderBytes)};
  const auto version = take_string(cursor);
  if (!version) return fail(ErrorCode::malformed, "Go build information ends early");
  GoBuildInfo info{.go_version = to_valid_utf8(*version, 64)};
  auto modules = take_string(cursor).value_or("");
  if (modules.size() >= 2 * kFrameBytes + 1 && modules[modules.size() - kFrameBytes - 1] == '\n') {
    modules = modules.substr(kFrameBytes, modules.size() - 2 * kFrameBytes);
  }
  read_modules(modules, info);
  return info;
}

}  // namespace proctor
