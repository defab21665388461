#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <tl/expected.hpp>

#include "config/load.h"

namespace proctor {

constexpr std::size_t kLargestConfigFile = 1U << 20;

/// The text of a configuration file of at most 1 MiB, or why it cannot be read.
tl::expected<std::string, ConfigMistake> read_config_file(const std::filesystem::path& file);

}  // namespace proctor
