#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "agent/profiles/goroutine_text.h"
#include "agent/profiles/quoting.h"
#include "agent/profiles/stack_lines.h"

namespace proctor {
namespace {

std::string shown_labels(const ProfileLabels& labels) {
  std::vector<std::string> pairs;
  for (const auto& [key, value] : labels) pairs.push_back(go_quoted(key) + ":" + go_quoted(value));
  std::ranges::sort(pairs);
  return fmt::format("{{{}}}", fmt::join(pairs, ", "));
}

/// The line of a stack, which is also what tells it from others.
std::string key_of(const GoroutineStack& stack, const ProfileLabels& labels) {
  std::string key = "@" + addresses_of(stack.calls);
  if (stack.end != RemoteAddress{}) key += fmt::format(" {:#x}", number(stack.end));
  if (!labels.empty()) key += "\n# labels: " + shown_labels(labels);
  return key;
}

}  // namespace

std::string goroutine_profile_text(const GoroutineSnapshot& snapshot, std::string_view name) {
  struct Group {
    std::uint64_t members = 0;
    const GoroutineStack* stack = nullptr;
  };
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> members;  // by stack and labels
  std::uint64_t total = 0;
  for (const GoroutineSample& goroutine : snapshot.goroutines) {
    if (goroutine.system) continue;
    ++members[{goroutine.stack_index, goroutine.labels}];
    ++total;
  }
  std::map<std::string, Group> groups;  // stacks of different states or creators may be the same here
  for (const auto& [indices, count] : members) {
    const GoroutineStack& stack = *snapshot.stacks[indices.first];
    Group& group = groups[key_of(stack, *snapshot.labels[indices.second])];
    group.members += count;
    group.stack = &stack;
  }
  std::vector<std::pair<std::string, Group>> sorted{groups.begin(), groups.end()};
  std::ranges::stable_sort(sorted, std::ranges::greater{}, [](const auto& entry) { return entry.second.members; });
  std::string out = fmt::format("{} profile: total {}\n", name, total);
  for (const auto& [key, group] : sorted) {
    out += fmt::format("{} {}\n", group.members, key);
    add_frames(out, group.stack->calls, RuntimeFrames::hidden_above);
  }
  return out;
}

}  // namespace proctor
