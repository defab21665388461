#pragma once

#include <string>
#include <string_view>

#include "agent/publication/publication.h"

namespace proctor {

/// The page for people: findings, then each target with its populations and their sites with stacks. Whole in itself,
/// so that a browser asks no other host.
std::string page_of(const Publication& publication, std::string_view telemetry_path);

/// `text` as the content of an element or of a quoted attribute. Valid UTF-8.
std::string escape_html(std::string_view text);

}  // namespace proctor
