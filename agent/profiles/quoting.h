#pragma once

#include <string>
#include <string_view>

namespace proctor {

/// As Go's %q writes the text of a label: in quotation marks, control characters escaped.
std::string go_quoted(std::string_view text);

}  // namespace proctor
