#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>

namespace proctor {

/// Completion of the command line that `app` describes. `shell`: bash, zsh, fish.
std::string completion_of(const CLI::App& app, std::string_view shell);

/// The manual page of section 1, in man(7). `date`: of the version, as 2026-01-31; may be empty.
std::string manual_of(const CLI::App& app, std::string_view version, std::string_view date);

}  // namespace proctor
