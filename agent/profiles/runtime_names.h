#pragma once

#include <string_view>

namespace proctor {

/// Whether a function belongs to the runtime, which profiles hide where a stack begins with it.
bool is_runtime_function(std::string_view name);

/// Whether a traceback shows a function: any that is not the runtime's, and of the runtime what a program can call.
bool is_shown_in_traces(std::string_view name);

}  // namespace proctor
