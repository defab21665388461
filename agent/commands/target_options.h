#pragma once

#include <tl/expected.hpp>

#include "agent/commands/commands.h"
#include "config/load.h"

namespace proctor {

/// The configuration of a run: its file, or the --target flags, or every process.
tl::expected<Config, std::vector<ConfigMistake>> config_from(const RunOptions& options);

/// Every mistake on a line of standard error. Always wrong_usage.
ExitStatus print_mistakes(const std::vector<ConfigMistake>& mistakes);

}  // namespace proctor
