#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/units.h"
#include "collectors/os/thread_files.h"
#include "collectors/sites/site.h"

namespace proctor {

/// One thread at one instant.
struct ThreadSample {
  Tid tid{};
  StartTime start_time{};
  std::uint32_t site = 0;      // index into ThreadSnapshot::sites
  std::uint64_t switches = 0;  // times it was scheduled: unchanged, it did not run in between
  std::optional<WaitedObject> waits_for;
};

/// The threads of all processes in the cgroup whose limit on them is the lowest that the process is under.
struct CgroupThreads {
  std::uint64_t in_use = 0;
  std::uint64_t limit = 0;
};

/// The threads of one process. A site is a state, a blocked reason, a name with its numbers folded and a stack.
struct ThreadSnapshot {
  std::vector<SiteRef> sites;         // site.state: running, sleeping, disk_sleep, stopped, traced, zombie, idle,
                                      // frozen
                                      // site.reason: futex, epoll, read, accept, sleep, ...; empty while running
                                      // site.name: the folded thread name
                                      // site.user: where its stack is not known, only the name as function
  std::vector<ThreadSample> threads;  // ascending by tid
  /// By index into `sites`: the kernel's functions that threads in uninterruptible sleep wait in, as far as it tells.
  std::map<std::uint32_t, std::set<std::string>> kernel_functions;
  std::uint64_t vanished = 0;          // ended while they were read
  std::optional<std::uint64_t> limit;  // the lowest that binds: cgroup, kernel, and rlimit where the user is not root
  std::optional<std::uint64_t> voluntary_switches;  // of living threads, and of ended ones as last seen
  std::optional<std::uint64_t> involuntary_switches;
  std::optional<Error> blocked_unknown;  // why stacks of blocked threads are not known, where a right is missing
  std::optional<Error> running_unknown;  // why stacks of running threads, which were asked for, are not known
};

}  // namespace proctor
