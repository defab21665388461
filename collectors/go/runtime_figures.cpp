#include "collectors/go/runtime_figures.h"

#include <array>
#include <limits>
#include <vector>

#include "collectors/go/race_reports.h"

namespace proctor {
namespace {

constexpr std::uint64_t kMaxProcessors = 1 << 16;
constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 47;  // of the address space
constexpr std::size_t kShards = 3;                           // of the runtime's heapStats

template <typename T>
ReadRequest request(RemoteAddress from, T& into) {
  return {.from = from, .into = std::as_writable_bytes(std::span{&into, 1})};
}

Result<void> read_all(const MemoryReader& memory, std::span<ReadRequest> requests) {
  PROCTOR_TRY_VOID(memory.read_many(requests));
  for (const ReadRequest& each : requests) {
    if (!each.complete) return fail(ErrorCode::layout_mismatch, "{:#x} cannot be read", number(each.from));
  }
  return {};
}

Result<void> read_timers(const GoProcess& process, GoRuntimeFigures& figures) {
  const MemoryReader& memory = process.memory();
  const PLayout& layout = process.layout().p;
  struct Slice {
    RemoteAddress begin{};
    std::uint64_t length = 0;
  };
  const auto allp = PROCTOR_TRY(memory.read_value<Slice>(process.globals().allp));
  if (allp.length == 0 || allp.length > kMaxProcessors) {
    return fail(ErrorCode::layout_mismatch, "{} processors", allp.length);
  }
  figures.max_procs = allp.length;
  std::vector<RemoteAddress> processors(allp.length);
  PROCTOR_TRY_VOID(memory.read(allp.begin, std::as_writable_bytes(std::span{processors})));
  struct Timers {
    std::uint32_t all = 0, dead = 0;
  };
  std::vector<Timers> timers(processors.size());
  std::vector<ReadRequest> requests;
  for (std::size_t i = 0; i < processors.size(); ++i) {
    requests.push_back(request(processors[i] + layout.timers, timers[i].all));
    requests.push_back(request(processors[i] + layout.dead_timers, timers[i].dead));
  }
  PROCTOR_TRY_VOID(read_all(memory, requests));
  for (const Timers& each : timers) figures.timers += each.all - std::min(each.all, each.dead);
  return {};
}

}  // namespace

Result<GoRuntimeFigures> read_runtime_figures(const GoProcess& process) {
  const GoGlobals& globals = process.globals();
  if (globals.memstats == RemoteAddress{} || globals.gc_controller == RemoteAddress{}) {
    return fail(ErrorCode::no_go_symbols, "the runtime's memory statistics are not found in this binary");
  }
  const MemstatsLayout& memstats = process.layout().memstats;
  const GcControllerLayout& controller = process.layout().gc_controller;
  std::uint64_t live = 0;
  std::uint64_t marked = 0;
  std::int32_t percent = 0;
  std::int64_t limit = std::numeric_limits<std::int64_t>::max();
  std::uint32_t cycles = 0;
  std::uint64_t pause = 0;
  std::uint64_t last = 0;
  std::array<std::int64_t, kShards> stacks{};
  std::vector<ReadRequest> requests{request(globals.gc_controller + controller.heap_live, live),
                                    request(globals.gc_controller + controller.heap_marked, marked),
                                    request(globals.gc_controller + controller.gc_percent, percent),
                                    request(globals.memstats + memstats.numgc, cycles),
                                    request(globals.memstats + memstats.pause_total_ns, pause),
                                    request(globals.memstats + memstats.last_gc_unix, last)};
  if (controller.memory_limit) requests.push_back(request(globals.gc_controller + *controller.memory_limit, limit));
  for (std::size_t i = 0; i < kShards; ++i) {
    requests.push_back(
        request(globals.memstats + memstats.heap_stats + i * memstats.shard_size + memstats.shard_stacks, stacks[i]));
  }
  PROCTOR_TRY_VOID(read_all(process.memory(), requests));
  const std::int64_t stack = stacks[0] + stacks[1] + stacks[2];
  if (live > kMaxBytes || marked > kMaxBytes || stack < 0 || static_cast<std::uint64_t>(stack) > kMaxBytes) {
    return fail(ErrorCode::layout_mismatch, "a heap of {} bytes and stacks of {}", live, stack);
  }
  GoRuntimeFigures figures{.heap_live = Bytes{live}, .heap_marked = Bytes{marked}};
  figures.stack = Bytes{static_cast<std::uint64_t>(stack)};
  if (limit > 0 && limit != std::numeric_limits<std::int64_t>::max()) {
    figures.memory_limit = Bytes{static_cast<std::uint64_t>(limit)};
  }
  if (percent >= 0) figures.gc_percent = static_cast<std::uint64_t>(percent);
  figures.gc_cycles = cycles;
  figures.gc_pause = Nanoseconds{static_cast<std::int64_t>(pause)};
  if (last != 0) {
    figures.last_gc =
        WallTime{std::chrono::duration_cast<WallTime::duration>(Nanoseconds{static_cast<std::int64_t>(last)})};
  }
  figures.race_reports = read_race_reports(process.memory(), globals.race_report_count);
  PROCTOR_TRY_VOID(read_timers(process, figures));
  return figures;
}

}  // namespace proctor
