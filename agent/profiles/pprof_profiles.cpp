#include "agent/profiles/pprof_profiles.h"

#include <array>
#include <map>

#include "agent/profiles/parts.h"
#include "agent/profiles/pprof_builder.h"
#include "agent/profiles/unreachable_goroutines.h"

namespace proctor {
namespace {

PprofHead head_of(const Observation& look) {
  return {.taken_at = look.taken_at, .executable = look.target.exe, .build_id = look.target.build_id};
}

/// A profile that counts its members.
PprofBuilder counter_of(const Observation& look, std::string_view member) {
  PprofHead head = head_of(look);
  head.values = {{member, "count"}};
  head.period_type = {member, "count"};
  return PprofBuilder{std::move(head)};
}

void add_members(PprofBuilder& builder, std::span<const PprofLocation> stack, std::uint64_t members,
                 PprofBuilder::Labels labels) {
  const auto value = static_cast<std::int64_t>(members);
  builder.add(stack, std::span{&value, 1}, labels);
}

/// As a profile names it, which keeps the type arguments that texts leave out.
Frame profiled(const GoFrame& call) {
  Frame frame = call.frame;
  if (!call.symbol.empty()) frame.function = call.symbol;
  return frame;
}

/// Adds the calls of a physical frame as one location, but a function that was inlined into itself as a new one: as
/// runtime/pprof does, which cannot tell that from a recursion.
class Locations {
 public:
  void begin_frame() { open_ = false; }
  void add(const GoFrame& call) {
    Frame frame = profiled(call);
    const bool repeats = open_ && all_.back().lines.back().function == frame.function;
    if (!open_ || repeats) all_.push_back({.address = call.pc - 1, .lines = {}});
    open_ = true;
    all_.back().lines.push_back(std::move(frame));
  }
  std::vector<PprofLocation> take() { return std::move(all_); }

 private:
  std::vector<PprofLocation> all_;
  bool open_ = false;
};

std::vector<PprofLocation> locations_of(const GoroutineStack& stack) {
  Locations locations;
  for (const auto& calls : stack.calls) {
    locations.begin_frame();
    for (const GoFrame& call : *calls) {
      if (!call.wrapper) locations.add(call);
    }
  }
  return locations.take();
}

/// With `hide_runtime` from where runtime/pprof shows it.
std::vector<PprofLocation> locations_of(const ProfiledStack& stack, bool hide_runtime) {
  Locations locations;
  const std::size_t first_frame = hide_runtime ? stack.shown_frame : 0;
  for (std::size_t frame = first_frame; frame < stack.calls.size(); ++frame) {
    const std::vector<GoFrame>& calls = *stack.calls[frame];
    if (calls.back().frame.function == "runtime.goexit") continue;
    locations.begin_frame();
    const std::size_t first_call = hide_runtime && frame == first_frame ? stack.shown_call : 0;
    for (std::size_t call = first_call; call < calls.size(); ++call) {
      if (!calls[call].wrapper) locations.add(calls[call]);
    }
  }
  return locations.take();
}

/// How many goroutines stand on each stack, with their labels.
Result<std::string> counted(const Observation& look, const GoroutineSnapshot& snapshot, std::string_view type) {
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> members;  // by stack and labels
  for (const GoroutineSample& goroutine : snapshot.goroutines) {
    if (!goroutine.system) ++members[{goroutine.stack_index, goroutine.labels}];
  }
  PprofBuilder builder = counter_of(look, type);
  for (const auto& [indices, count] : members) {
    add_members(builder, locations_of(*snapshot.stacks[indices.first]), count, *snapshot.labels[indices.second]);
  }
  return builder.finish();
}

}  // namespace

Result<std::string> heap_pprof(const Observation& look, std::string_view default_value) {
  const HeapSnapshot* snapshot = PROCTOR_TRY(read_part(look.heap, "memory profile"));
  PprofHead head = head_of(look);
  head.values = {
      {"alloc_objects", "count"}, {"alloc_space", "bytes"}, {"inuse_objects", "count"}, {"inuse_space", "bytes"}};
  head.period_type = {"space", "bytes"};
  head.period = snapshot->sampling_rate;
  head.default_value = default_value;
  PprofBuilder builder{std::move(head)};
  for (const HeapSample& sample : snapshot->samples) {
    const HeapBucket& bucket = sample.bucket;
    const HeapEstimate all = unsampled(bucket.allocated, bucket.block, snapshot->sampling_rate);
    const HeapEstimate live = unsampled(bucket.allocated - bucket.freed, bucket.block, snapshot->sampling_rate);
    const std::array<std::int64_t, 4> values{
        static_cast<std::int64_t>(all.objects), static_cast<std::int64_t>(all.bytes),
        static_cast<std::int64_t>(live.objects), static_cast<std::int64_t>(live.bytes)};
    const auto block = bucket.allocated > 0 ? std::optional{bucket.block} : std::nullopt;
    builder.add(locations_of(*snapshot->stacks[sample.stack], true), values, {}, block);
  }
  return builder.finish();
}

Result<std::string> contention_pprof(const Observation& look, std::string_view name) {
  const ContentionSnapshot* snapshot = PROCTOR_TRY(contention_part(look, name));
  PprofHead head = head_of(look);
  head.values = {{"contentions", "count"}, {"delay", "nanoseconds"}};
  head.period_type = {"contentions", "count"};
  PprofBuilder builder{std::move(head)};
  const double cycles_per_nanosecond = snapshot->cycles_per_second / 1e9;
  for (const ContentionSample& sample : snapshot->samples) {
    const auto [times, cycles] = sample.contention;
    const double delay = static_cast<double>(cycles * snapshot->scale) / cycles_per_nanosecond;
    const std::array<std::int64_t, 2> values{static_cast<std::int64_t>(times * snapshot->scale),
                                             static_cast<std::int64_t>(delay)};
    builder.add(locations_of(*snapshot->stacks[sample.stack], false), values, {});
  }
  return builder.finish();
}

Result<std::string> goroutine_pprof(const Observation& look) {
  const GoroutineSnapshot* snapshot = PROCTOR_TRY(read_part(look.goroutines, "goroutines"));
  return counted(look, *snapshot, "goroutine");
}

Result<std::string> goroutineleak_pprof(const Observation& look) {
  const auto snapshot = PROCTOR_TRY(unreachable_goroutines(look));
  return counted(look, *snapshot, "goroutineleak");
}

Result<std::string> thread_pprof(const Observation& look) {
  const ThreadSnapshot* snapshot = PROCTOR_TRY(read_part(look.threads, "threads"));
  std::map<std::uint32_t, std::uint64_t> members;
  for (const ThreadSample& thread : snapshot->threads) ++members[thread.site];
  PprofBuilder builder = counter_of(look, "thread");
  for (const auto& [index, count] : members) {
    const Site& site = *snapshot->sites[index];
    std::vector<PprofLocation> stack;
    const auto add_name = [&](const std::string& name) {
      if (!name.empty()) stack.push_back({.address = {}, .lines = {Frame{name, "", 0}}});
    };
    add_name(site.reason.empty() ? site.state : site.reason);
    for (const Frame& frame : site.frames) stack.push_back({.address = {}, .lines = {frame}});
    add_name(site.name);
    add_members(builder, stack, count, {});
  }
  return builder.finish();
}

}  // namespace proctor
