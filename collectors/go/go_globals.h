#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "collectors/elf/elf_file.h"
#include "collectors/go/layout.h"
#include "collectors/os/memory_reader.h"

namespace proctor {

/// Where the variables of a running Go runtime stand.
struct GoGlobals {
  RemoteAddress allglen{};
  RemoteAddress allgptr{};
  RemoteAddress sched{};
  RemoteAddress allp{};
  RemoteAddress firstmoduledata{};
  RemoteAddress memstats{};  // these may be missing: 0
  RemoteAddress gc_controller{};
  RemoteAddress semtable{};
  RemoteAddress heap{};                 // runtime.mheap_
  RemoteAddress memory_profile_rate{};  // runtime.MemProfileRate
  /// runtime.mbuckets; of a stripped binary also others, of which the one is it that leads to a bucket for memory.
  std::vector<RemoteAddress> memory_buckets;
  std::vector<RemoteAddress> block_buckets;  // likewise runtime.bbuckets
  std::vector<RemoteAddress> mutex_buckets;  // likewise runtime.xbuckets
  RemoteAddress mutex_profile_rate{};        // runtime.mutexprofilerate; 0 where it is missing
  RemoteAddress race_report_count{};         // the code of __tsan_report_count; 0 but for builds with -race
};

/// From the symbol table. no_go_symbols where it has been stripped.
Result<GoGlobals> find_globals_by_symbol(const ElfFile& file, LoadBias bias);

/// Of a stripped binary: its module data is found through the function table, and each variable through the code of a
/// small function of the runtime that refers to it. `memory` is the live process, `image` what the file backs.
/// no_go_symbols where one of the steps finds nothing, or something outside of the program's writable segments.
Result<GoGlobals> find_globals_by_code(const ElfFile& file, LoadBias bias, const GoLayout& layout,
                                       const MemoryReader& memory, const std::shared_ptr<const MemoryReader>& image);

/// The release of a stripped binary that has no build information, from the variable that the runtime prints when it
/// starts with tracing on. Errors: no_go_symbols.
Result<std::string> find_version_by_code(const ElfFile& file, LoadBias bias, const MemoryReader& memory,
                                         const std::shared_ptr<const MemoryReader>& image);

}  // namespace proctor
