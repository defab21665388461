#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace proctor {

/// What is wrong with the template of a target's name, or nothing. `capture_groups`: how many groups the
/// expressions of its match have, which {{1}} and so on stand for.
std::optional<std::string> mistake_in_name(std::string_view name, int capture_groups);

}  // namespace proctor
