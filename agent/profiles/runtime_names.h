#pragma once

#include <string_view>

namespace proctor {

/// Whether a traceback shows a function: any that is not the runtime's, and of the runtime what a program can call.
bool is_shown_in_traces(std::string_view name);

}  // namespace proctor
