#include "agent/profiles/stack_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "collectors/go/user_code.h"

namespace proctor {
namespace {

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

}  // namespace

std::string addresses_of(Calls calls) {
  std::string text;
  for (const FrameCache::Frames& frame : calls) {
    for (const GoFrame& call : *frame) {
      if (!call.wrapper) text += fmt::format(" {:#x}", number(call.pc));
    }
  }
  return text;
}

void add_frames(std::string& out, Calls calls, RuntimeFrames runtime) {
  const auto rows_of = [&](bool all) {
    std::vector<Row> rows;
    bool show = all;
    for (const FrameCache::Frames& frame : calls) {
      for (const GoFrame& call : *frame) {
        if (call.wrapper || call.frame.function == "runtime.goexit") continue;
        if (!show && is_runtime_function(call.frame.function)) continue;
        show = true;
        const RemoteAddress at = call.pc - 1;
        rows.push_back({"#", fmt::format("{:#x}", number(at)),
                        fmt::format("{}+{:#x}", call.frame.function, at - call.entry),
                        fmt::format("{}:{}", call.frame.file, call.frame.line)});
      }
    }
    return rows;
  };
  auto rows = rows_of(runtime == RuntimeFrames::shown);
  if (rows.empty()) rows = rows_of(true);
  add_aligned(out, rows);
  out += '\n';
}

}  // namespace proctor
