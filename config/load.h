#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "config/config.h"

namespace proctor {

/// What is wrong with a configuration, and where. Line and column count from 1; 0 where the whole file is meant.
struct ConfigMistake {
  std::string file;
  int line = 0;
  int column = 0;
  std::string message;
};

/// `FILE:LINE:COLUMN: message`; without the numbers where the whole file is meant.
std::string to_string(const ConfigMistake& mistake);

/// A configuration, or every mistake in it.
using LoadedConfig = tl::expected<Config, std::vector<ConfigMistake>>;

/// Reads a YAML file of at most 1 MiB. A file that cannot be read is a mistake.
LoadedConfig load_config(const std::filesystem::path& file);

/// The same for text; `file_name` is what mistakes show.
LoadedConfig parse_config(std::string_view text, const std::string& file_name);

}  // namespace proctor
