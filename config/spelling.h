#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace proctor {

/// Insertions, deletions, replacements and swaps of neighbours between two words.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The word that was probably meant: the nearest of `words`, where it is near enough to be a slip.
std::optional<std::string_view> meant(std::string_view word, std::span<const std::string_view> words);

/// `: did you mean "interval"?` for a message, or nothing.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> words);

}  // namespace proctor
