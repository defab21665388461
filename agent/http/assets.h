#pragma once

#include <string_view>
#include <vector>

namespace proctor {

/// A file of `web/dist`, which is part of the program.
struct Asset {
  std::string_view name;  // "app.js"
  std::string_view bytes;
};

std::vector<Asset> embedded_assets();

/// The media type by the ending of a name; empty for one that is not known.
std::string_view media_type_of(std::string_view name);

}  // namespace proctor
