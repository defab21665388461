#include "agent/profiles/pprof_profiles.h"

#include <map>

#include "agent/profiles/pprof_builder.h"

namespace proctor {
namespace {

PprofBuilder builder_of(const Observation& look, std::string_view unit) {
  return PprofBuilder{unit, look.taken_at, look.target.exe, look.target.build_id};
}

std::vector<PprofLocation> locations_of(const GoroutineStack& stack) {
  std::vector<PprofLocation> locations;
  for (const auto& calls : stack.calls) {
    PprofLocation location;
    for (const GoFrame& call : *calls) {
      if (call.wrapper) continue;
      if (location.lines.empty()) location.address = call.pc - 1;
      location.lines.push_back(call.frame);
    }
    if (!location.lines.empty()) locations.push_back(std::move(location));
  }
  return locations;
}

template <typename Snapshot>
Result<const Snapshot*> read_part(const Part<Snapshot>& part, std::string_view what) {
  if (!part) return fail(ErrorCode::not_supported, "this process has no {}, or they are not collected", what);
  if (!*part) return tl::unexpected(part->error());
  return part->value().get();
}

}  // namespace

Result<std::string> goroutine_pprof(const Observation& look) {
  const GoroutineSnapshot* snapshot = PROCTOR_TRY(read_part(look.goroutines, "goroutines"));
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> members;  // by stack and labels
  for (const GoroutineSample& goroutine : snapshot->goroutines) {
    if (!goroutine.system) ++members[{goroutine.stack_index, goroutine.labels}];
  }
  PprofBuilder builder = builder_of(look, "goroutine");
  for (const auto& [indices, count] : members) {
    builder.add(locations_of(*snapshot->stacks[indices.first]), count, *snapshot->labels[indices.second]);
  }
  return builder.finish();
}

Result<std::string> thread_pprof(const Observation& look) {
  const ThreadSnapshot* snapshot = PROCTOR_TRY(read_part(look.threads, "threads"));
  std::map<std::uint32_t, std::uint64_t> members;
  for (const ThreadSample& thread : snapshot->threads) ++members[thread.site];
  PprofBuilder builder = builder_of(look, "thread");
  for (const auto& [index, count] : members) {
    const Site& site = *snapshot->sites[index];
    std::vector<PprofLocation> stack;
    const auto add_name = [&](const std::string& name) {
      if (!name.empty()) stack.push_back({.address = {}, .lines = {Frame{name, "", 0}}});
    };
    add_name(site.reason.empty() ? site.state : site.reason);
    for (const Frame& frame : site.frames) stack.push_back({.address = {}, .lines = {frame}});
    add_name(site.user.function);
    builder.add(stack, count, {});
  }
  return builder.finish();
}

}  // namespace proctor
