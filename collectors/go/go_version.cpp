#include "collectors/go/go_version.h"

#include <algorithm>
#include <array>
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

/// Of these the structures that we read were compared with those of the same release without, by their DWARF; or they
/// only concern the compiler or a package that the runtime does not import.
constexpr std::array<std::string_view, 21> kHarmlessExperiments{"aliastypeparams",
                                                                "arenas",
                                                                "boringcrypto",
                                                                "cgocheck2",
                                                                "coverageredesign",
                                                                "dwarf5",
                                                                "fieldtrack",
                                                                "goroutineleakprofile",
                                                                "heapminimum512kib",
                                                                "jsonv2",
                                                                "loopvar",
                                                                "newinliner",
                                                                "preemptibleloops",
                                                                "randomizedheapbase64",
                                                                "rangefunc",
                                                                "runtimefreegc",
                                                                "runtimesecret",
                                                                "simd",
                                                                "sizespecializedmalloc",
                                                                "swissmap",
                                                                "synctest"};

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
  // "rc1" or "beta2". A vendor's suffix only names who built the release.
  const bool suffixed = !rest.empty();
  if (suffixed && rest.front() != ' ' && rest.front() != '-' && rest.front() != '+') return unsupported();
  return version;
}

std::string_view experiment_that_moves_fields(std::string_view text) {
  constexpr std::string_view kMark = "X:";
  const auto mark = text.find(kMark);
  if (mark == std::string_view::npos) return {};
  text.remove_prefix(mark + kMark.size());
  text = text.substr(0, text.find(' '));
  while (!text.empty()) {
    const std::string_view name = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), name.size() + 1));
    // One that the release has by default is switched off as "no" and its name.
    const auto is_it = [name](std::string_view known) {
      return name == known || (name.starts_with("no") && name.substr(2) == known);
    };
    if (std::ranges::none_of(kHarmlessExperiments, is_it)) return name;
  }
  return {};
}

}  // namespace proctor
