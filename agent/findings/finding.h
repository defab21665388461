#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/ledger/population_ledger.h"
#include "base/units.h"
#include "collectors/sites/site.h"

namespace proctor {

enum class FindingKind : std::uint8_t {
  goroutine_leak,
  goroutine_spike,
  thread_leak,
  fd_leak,
  socket_leak,
  memory_leak,
  memory_fragmentation,
  mapping_leak,
  zombie_leak,
  timer_leak,
  context_leak,
  blocked_forever,
  deadlock,
  orphaned_lock,
  stuck_lock,
  stuck_thread,
  context_overdue,
  finalizer_stuck,
  context_cancelled,
  crash_loop,
  data_race  // new ones come last: their numbers stand in state files
};
enum class Certainty : std::uint8_t { suspected, proven };

std::string_view to_string(FindingKind kind);
std::string_view to_string(Certainty certainty);

/// Another finding of the same process that brings this one about.
struct Cause {
  FindingKind kind{};
  SiteId site{};

  template <class Archive>
  void serialize(Archive& archive) {
    archive(kind, site);
  }
};

/// A judgement with its evidence. Stands while its detector says so; `since` is kept from look to look.
struct Finding {
  FindingKind kind{};
  Certainty certainty{};
  std::shared_ptr<const Site> site;  // null for what has none (memory)
  WallTime since{};                  // when what grows began to grow, as far as was seen
  double per_second = 0;             // members, or bytes for memory
  std::uint64_t members = 0;         // that arrived in the window and stayed; bytes for memory
  Nanoseconds oldest{};
  std::vector<Cohort> growth;       // of a leak: who arrived when, and stayed
  Nanoseconds growth_apart{};       // who arrived in a cohort may have come as long before it
  std::vector<std::uint64_t> core;  // who wait for each other, or hold a lock: goroutines, or a thread
  std::vector<SiteId> waiting_at;   // of a lock: where those stand that wait for it
  std::optional<Cause> cause;       // absent for what is a cause itself
  std::string says;                 // one sentence with the numbers
  std::string advice;               // what to look for in the code

  /// What the next look asks of this one, for a state file.
  template <class Archive>
  void serialize(Archive& archive) {
    archive(kind, certainty, site, since, per_second, members, cause);
  }
};

}  // namespace proctor
