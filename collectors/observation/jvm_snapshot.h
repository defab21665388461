#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"

namespace proctor {

/// What a JVM says of itself in its performance counters. What it does not say is absent.
struct JvmSnapshot {
  struct Space {
    std::string generation;  // "young", "old", "metaspace"
    std::string name;        // "eden", "s0", "s1", "space"
    Bytes used{};            // of the heap: as of the last collection, but for eden
    Bytes capacity{};
    std::optional<Bytes> max;
  };
  struct Collector {
    std::string name;  // "G1 young collection pauses"
    std::uint64_t collections = 0;
    Nanoseconds time{};
    std::optional<Nanoseconds> since_last;  // before the counters were read; absent where there was none
  };
  std::string version;  // "17.0.15+6-Debian-1deb12u1"
  std::vector<Space> spaces;
  std::vector<Collector> collectors;
  std::optional<std::uint64_t> threads;
  std::optional<std::uint64_t> daemon_threads;
  std::optional<std::uint64_t> peak_threads;
  std::optional<std::uint64_t> threads_started;
  std::optional<std::uint64_t> classes_loaded;  // now
};

}  // namespace proctor
