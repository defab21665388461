#include "agent/findings/finding.h"

namespace proctor {

std::string_view to_string(FindingKind kind) {
  switch (kind) {
    case FindingKind::goroutine_leak: return "goroutine_leak";
    case FindingKind::goroutine_spike: return "goroutine_spike";
    case FindingKind::thread_leak: return "thread_leak";
    case FindingKind::fd_leak: return "fd_leak";
    case FindingKind::socket_leak: return "socket_leak";
    case FindingKind::memory_leak: return "memory_leak";
    case FindingKind::memory_fragmentation: return "memory_fragmentation";
    case FindingKind::mapping_leak: return "mapping_leak";
    case FindingKind::zombie_leak: return "zombie_leak";
    case FindingKind::timer_leak: return "timer_leak";
    case FindingKind::context_leak: return "context_leak";
    case FindingKind::blocked_forever: return "blocked_forever";
    case FindingKind::context_overdue: return "context_overdue";
    case FindingKind::data_race: return "data_race";
    case FindingKind::crash_loop: return "crash_loop";
    case FindingKind::context_cancelled: return "context_cancelled";
    case FindingKind::finalizer_stuck: return "finalizer_stuck";
    case FindingKind::deadlock: return "deadlock";
    case FindingKind::orphaned_lock: return "orphaned_lock";
    case FindingKind::stuck_lock: return "stuck_lock";
    case FindingKind::stuck_thread: return "stuck_thread";
  }
  return "unknown";
}

std::string_view to_string(Certainty certainty) { return certainty == Certainty::proven ? "proven" : "suspected"; }

}  // namespace proctor
