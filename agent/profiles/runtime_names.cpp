#include "agent/profiles/runtime_names.h"

namespace proctor {
namespace {

constexpr std::string_view kRuntime = "runtime.";

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

/// An exported function, or an exported method of an exported type.
bool is_exported(std::string_view name) {
  std::string_view receiver;
  if (const std::size_t dot = name.rfind('.'); dot != std::string_view::npos) {
    receiver = name.substr(0, dot);
    name = name.substr(dot + 1);
    if (receiver.starts_with("(*") && receiver.ends_with(')')) receiver = receiver.substr(2, receiver.size() - 3);
  }
  return !name.empty() && is_upper(name[0]) && (receiver.empty() || is_upper(receiver[0]));
}

}  // namespace

bool is_shown_in_traces(std::string_view name) {
  // A goroutine that runs finalizers or cleanups would not be known for one without them.
  if (name == "runtime.runFinalizers" || name == "runtime.runCleanups") return true;
  if (name.find('.') == std::string_view::npos) return false;
  return !name.starts_with(kRuntime) || is_exported(name.substr(kRuntime.size()));
}

}  // namespace proctor
