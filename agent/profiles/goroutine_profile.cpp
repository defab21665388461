#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <span>

#include "agent/profiles/goroutine_text.h"
#include "agent/profiles/quoting.h"
#include "agent/profiles/runtime_names.h"

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
  std::string key = "@";
  for (const auto& calls : stack.calls) {
    for (const GoFrame& call : *calls) {
      if (!call.wrapper) key += fmt::format(" {:#x}", number(call.pc));
    }
  }
  if (stack.end != RemoteAddress{}) key += fmt::format(" {:#x}", number(stack.end));
  if (!labels.empty()) key += "\n# labels: " + shown_labels(labels);
  return key;
}

/// Lines of three cells and a last one, aligned by tabs as Go's text/tabwriter does it.
using Row = std::array<std::string, 4>;

void add_aligned(std::string& out, std::span<const Row> rows) {
  constexpr std::size_t kTab = 8;
  std::array<std::size_t, 3> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < widths.size(); ++i) {
      widths[i] = std::max(widths[i], (row[i].size() + 1 + kTab - 1) / kTab * kTab);
    }
  }
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < widths.size(); ++i) {
      out += row[i];
      out.append((widths[i] - row[i].size() + kTab - 1) / kTab, '\t');
    }
    out += row.back() + "\n";
  }
}

void add_frames(std::string& out, const GoroutineStack& stack) {
  const auto rows_of = [&](bool all) {
    std::vector<Row> rows;
    bool show = all;
    for (const auto& calls : stack.calls) {
      for (const GoFrame& call : *calls) {
        if (call.wrapper || (!show && is_runtime_function(call.frame.function))) continue;
        show = true;
        const RemoteAddress at = call.pc - 1;
        rows.push_back({"#", fmt::format("{:#x}", number(at)),
                        fmt::format("{}+{:#x}", call.frame.function, at - call.entry),
                        fmt::format("{}:{}", call.frame.file, call.frame.line)});
      }
    }
    return rows;
  };
  auto rows = rows_of(false);
  if (rows.empty()) rows = rows_of(true);
  add_aligned(out, rows);
  out += '\n';
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
    add_frames(out, *group.stack);
  }
  return out;
}

}  // namespace proctor
