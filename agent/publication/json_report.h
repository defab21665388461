#pragma once

#include <nlohmann/json.hpp>

#include "agent/publication/publication.h"

namespace proctor {

/// Keeps the order in which members were added.
using Json = nlohmann::ordered_json;

/// One target in the form of `dump --format json`. What is not known is left out, and its reason is in `unknown`.
/// With `members` a site lists its goids, tids or descriptors. Every text in it is valid UTF-8.
Json json_of(const TargetReport& report, bool members = false);
/// The object `target` of that form.
Json json_of(const TargetDescription& target);
/// An element of `findings`.
Json json_of(const Finding& finding);

}  // namespace proctor
