#include <fmt/format.h>

#include <algorithm>

#include "agent/profiles/goroutine_text.h"
#include "agent/profiles/quoting.h"
#include "agent/profiles/runtime_names.h"
#include "collectors/go/stack_walk.h"

namespace proctor {
namespace {

constexpr std::size_t kInnerFrames = 50;  // of a deep stack a traceback shows so many at either end
constexpr std::size_t kOuterFrames = 50;

std::string shown_state(const GoroutineSample& goroutine, const Site& site) {
  if (!site.reason.empty()) {
    return goroutine.state == GoroutineState::leaked ? site.reason + " (leaked)" : site.reason;
  }
  if (goroutine.state == GoroutineState::copying_stack) return "copystack";
  return std::string{to_string(goroutine.state)};
}

/// Quoted only where it must be.
std::string trace_text(const std::string& text) {
  const bool plain = std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '/' ||
           c == '_';
  });
  return plain ? text : go_quoted(text);
}

void add_labels(std::string& out, const ProfileLabels& labels) {
  if (labels.empty()) return;
  std::vector<std::string> pairs;
  for (const auto& [key, value] : labels) pairs.push_back(trace_text(key) + ": " + trace_text(value));
  out += fmt::format(" {{{}}}", fmt::join(pairs, ", "));
}

void add_header(std::string& out, const GoroutineSnapshot& snapshot, const GoroutineSample& goroutine,
                MonotonicTime now) {
  out += fmt::format("goroutine {} [{}", goroutine.goid, shown_state(goroutine, *snapshot.sites[goroutine.site]));
  if (goroutine.waiting_since) {
    const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(now - *goroutine.waiting_since).count();
    if (minutes >= 1) out += fmt::format(", {} minutes", minutes);
  }
  if (goroutine.locked_to_thread) out += ", locked to thread";
  out += ']';
  if (snapshot.traces_show_labels) add_labels(out, *snapshot.labels[goroutine.labels]);
  out += ":\n";
}

/// `pc` is where the physical frame goes on.
std::string place_of(const GoFrame& call, RemoteAddress pc) {
  std::string place = fmt::format("\t{}:{}", call.frame.file, call.frame.line);
  if (!call.inlined && pc > call.entry) place += fmt::format(" +{:#x}", pc - call.entry);
  return place + '\n';
}

void add_frames(std::string& out, const GoroutineStack& stack) {
  const auto frames_of = [&](bool all) {
    std::vector<std::pair<const GoFrame*, RemoteAddress>> frames;
    bool interrupted = false;
    for (const auto& calls : stack.calls) {
      if (calls->empty()) continue;
      const RemoteAddress pc = interrupted ? calls->front().pc - 1 : calls->front().pc;
      interrupted = interrupts_its_caller(calls->back().frame.function);
      for (const GoFrame& call : *calls) {
        // A panic in the midst of a stack is the border to the deferred calls.
        const bool panics = call.frame.function == "runtime.gopanic" && !frames.empty();
        if (!call.wrapper && (all || panics || is_shown_in_traces(call.frame.function))) {
          frames.emplace_back(&call, pc);
        }
      }
    }
    return frames;
  };
  auto frames = frames_of(false);
  if (frames.empty()) frames = frames_of(true);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (i == kInnerFrames && frames.size() > kInnerFrames + kOuterFrames) {
      const std::size_t elided = frames.size() - kInnerFrames - kOuterFrames;
      out += fmt::format("...{} frames elided...\n", elided);
      i += elided;
    }
    const auto& [frame, pc] = frames[i];
    const GoFrame& call = *frame;
    out += fmt::format("{}(...)\n", call.frame.function == "runtime.gopanic" ? "panic" : call.frame.function);
    out += place_of(call, pc);
  }
}

}  // namespace

std::string goroutine_traces(const GoroutineSnapshot& snapshot, MonotonicTime now) {
  std::string out;
  for (const GoroutineSample& goroutine : snapshot.goroutines) {
    if (goroutine.system) continue;
    if (!out.empty()) out += '\n';
    const GoroutineStack& stack = *snapshot.stacks[goroutine.stack_index];
    add_header(out, snapshot, goroutine, now);
    add_frames(out, stack);
    const GoFrame& creator = stack.created_by;
    if (creator.frame.function.empty() || !is_shown_in_traces(creator.frame.function)) continue;
    out += "created by " + creator.frame.function;
    if (goroutine.parent_goid != 0) out += fmt::format(" in goroutine {}", goroutine.parent_goid);
    out += '\n' + place_of(creator, creator.pc);
  }
  return out;
}

}  // namespace proctor
