#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "base/units.h"
#include "collectors/go/go_process.h"

namespace proctor {

/// What runtime.ReadMemStats, runtime/metrics and debug.SetMemoryLimit would say, as far as it stands in the runtime's
/// own counters. They are read without a stop, one after the other.
struct GoRuntimeFigures {
  Bytes heap_live{};                          // marked by the last collection, and allocated since
  Bytes heap_marked{};                        // by the last collection: /gc/heap/live:bytes
  Bytes stack{};                              // StackInuse
  std::optional<Bytes> memory_limit;          // GOMEMLIMIT; absent where there is none
  std::optional<std::uint64_t> gc_percent;    // GOGC; absent where it is off
  std::uint64_t gc_cycles = 0;                // NumGC
  Nanoseconds gc_pause{};                     // PauseTotalNs
  std::optional<WallTime> last_gc;            // absent before the first
  std::uint64_t max_procs = 0;                // GOMAXPROCS
  std::optional<std::uint64_t> race_reports;  // of a build with -race that has symbols
  std::uint64_t timers = 0;                   // in the heaps of all processors, without those that are stopped
};

/// Errors: no_go_symbols where the variables were not found, layout_mismatch where the numbers cannot be right.
Result<GoRuntimeFigures> read_runtime_figures(const GoProcess& process);

}  // namespace proctor
