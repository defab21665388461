#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "collectors/sites/site.h"

namespace proctor {

/// What glibc's malloc has from the kernel, but for blocks that have a mapping of their own, and what of it is free.
struct MallocState {
  std::uint64_t arenas = 0;
  Bytes held{};          // by all arenas
  Bytes free{};          // of it: in lists of free chunks, and above the last one in use
  bool partial = false;  // the lists were too long, or changed while they were read: at least so much is free
};

/// Memory of one process at one instant. What the kernel does not say is absent.
struct MemorySnapshot {
  Bytes resident{};
  std::optional<Bytes> anonymous;  // RssAnon, RssFile, RssShmem of status
  std::optional<Bytes> file;
  std::optional<Bytes> shared;
  std::optional<Bytes> swap;
  Bytes virtual_size{};
  std::optional<Bytes> peak_resident;
  std::optional<Bytes> proportional;  // smaps_rollup, only under the cost rule
  std::optional<MonotonicTime> proportional_read_at;
  std::optional<Bytes> lazily_freed;  // LazyFree of the same read: the kernel takes it back when it needs it
  std::optional<MallocState> malloc;  // absent for another allocator, and without the right to read
  std::string_view other_allocator;   // "jemalloc", ..., whose figures are not read; empty for the C library's own
  std::optional<Bytes> limit;         // the lowest that binds: cgroup, rlimit
  std::optional<std::uint64_t> mapping_count;
  std::optional<std::uint64_t> mapping_limit;  // vm.max_map_count
};

/// The mappings of one process, as classes: a file's path class, or "anonymous" with its size class.
struct MappingSample {
  std::uint64_t begin = 0;
  std::uint64_t bytes = 0;
  std::uint32_t site = 0;
};
struct MappingSnapshot {
  std::vector<SiteRef> sites;
  std::vector<MappingSample> mappings;
};

}  // namespace proctor
