#include "agent/app/collectors.h"

#include "collectors/cpu/cpu_collector.h"
#include "collectors/fds/fd_collector.h"
#include "collectors/goroutines/goroutine_collector.h"
#include "collectors/jvm/jvm_collector.h"
#include "collectors/locks/lock_collector.h"
#include "collectors/memory/memory_collector.h"
#include "collectors/threads/thread_collector.h"

namespace proctor {

Collectors make_collectors(const std::filesystem::path& procfs, const Clock& clock, Looks looks) {
  Collectors collectors;
  // Threads first: where none has run, the collectors after it need not look again.
  collectors.push_back(make_thread_collector(procfs, clock));
  collectors.push_back(make_cpu_collector());
  collectors.push_back(make_memory_collector(procfs, clock));
  collectors.push_back(make_fd_collector(clock));
  collectors.push_back(
      make_goroutine_collector(looks == Looks::one ? ReachabilityChecks::at_once : ReachabilityChecks::paced));
  collectors.push_back(make_lock_collector());
  collectors.push_back(make_jvm_collector());
  return collectors;
}

}  // namespace proctor
