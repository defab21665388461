#include "config/name_template.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "config/quantity.h"
#include "config/spelling.h"

namespace proctor {
namespace {

constexpr std::array<std::string_view, 4> kPlaceholders{"comm", "exe_base", "container", "pid"};

std::optional<std::string> mistake_in_placeholder(std::string_view word, int capture_groups) {
  if (const auto group = parse_count(word)) {
    if (*group >= 1 && *group <= static_cast<std::uint64_t>(capture_groups)) return std::nullopt;
    return fmt::format("{{{{{}}}}} names a capture group, and the expressions of \"match\" have {}", word,
                       capture_groups);
  }
  if (std::find(kPlaceholders.begin(), kPlaceholders.end(), word) != kPlaceholders.end()) return std::nullopt;
  return fmt::format("unknown placeholder {{{{{}}}}}{}", to_valid_utf8(word, 64), did_you_mean(word, kPlaceholders));
}

}  // namespace

std::optional<std::string> mistake_in_name(std::string_view name, int capture_groups) {
  if (name.empty()) return "is empty";
  if (name.size() > kMaxLabelBytes) return fmt::format("is longer than {} bytes", kMaxLabelBytes);
  while (true) {
    const std::size_t begin = name.find("{{");
    if (begin == std::string_view::npos) return std::nullopt;
    name.remove_prefix(begin + 2);
    const std::size_t end = name.find("}}");
    if (end == std::string_view::npos) return "has a \"{{\" without its \"}}\"";
    if (auto mistake = mistake_in_placeholder(name.substr(0, end), capture_groups)) return mistake;
    name.remove_prefix(end + 2);
  }
}

}  // namespace proctor
