#include "collectors/go/go_version.h"

#include <charconv>

namespace proctor {
namespace {

/// Takes digits off the front; false where there are none.
bool take_number(std::string_view& text, std::uint16_t& value) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
  return true;
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

}  // namespace

Result<GoVersion> parse_go_version(std::string_view text) {
  const auto unsupported = [&] {
    return fail(ErrorCode::unsupported_go_version, "no release of Go: {}", text.substr(0, 80));
  };
  GoVersion version;
  std::string_view rest = text;
  if (!take(rest, "go") || !take_number(rest, version.major) || !take(rest, ".") || !take_number(rest, version.minor)) {
    return unsupported();
  }
  if (take(rest, ".") && !take_number(rest, version.patch)) return unsupported();
  // "rc1", "beta2" or an experiment that moves fields. A vendor's suffix only names who built the release.
  const bool suffixed = !rest.empty();
  if (suffixed && rest.front() != ' ' && rest.front() != '-' && rest.front() != '+') return unsupported();
  if (rest.find("X:") != std::string_view::npos) return unsupported();
  return version;
}

}  // namespace proctor
