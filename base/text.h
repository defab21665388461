#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace proctor {

/// The longest text that a label or a JSON string carries.
constexpr std::size_t kMaxLabelBytes = 256;

/// Any bytes as valid UTF-8 of at most `max_bytes`: each invalid sequence becomes U+FFFD, and the cut
/// falls between two characters.
std::string to_valid_utf8(std::string_view bytes, std::size_t max_bytes = kMaxLabelBytes);

/// Shell-style glob on whole `text`: `*`, `?` and `[...]`. An invalid pattern matches nothing.
bool glob_matches(const std::string& pattern, const std::string& text);

/// Numbers, hexadecimal ids and UUIDs of a name replaced by `*`: `pool-7-thread-12` is `pool-*-thread-*`.
std::string fold_numbers(std::string_view name);

}  // namespace proctor
