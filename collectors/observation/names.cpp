#include "collectors/observation/fd_snapshot.h"
#include "collectors/observation/goroutine_snapshot.h"
#include "collectors/observation/lock_snapshot.h"

namespace proctor {

std::string_view to_string(GoroutineState state) {
  switch (state) {
    case GoroutineState::runnable: return "runnable";
    case GoroutineState::running: return "running";
    case GoroutineState::syscall: return "syscall";
    case GoroutineState::waiting: return "waiting";
    case GoroutineState::preempted: return "preempted";
    case GoroutineState::copying_stack: return "copying_stack";
    case GoroutineState::leaked: return "leaked";
  }
  return "unknown";
}

std::string_view to_string(LockKind kind) {
  switch (kind) {
    case LockKind::mutex: return "mutex";
    case LockKind::priority_mutex: return "priority_mutex";
    case LockKind::robust_mutex: return "robust_mutex";
    case LockKind::rwlock: return "rwlock";
    case LockKind::once: return "once";
    case LockKind::guard: return "guard";
  }
  return "unknown";
}

std::string_view to_string(FdKind kind) {
  switch (kind) {
    case FdKind::file: return "file";
    case FdKind::directory: return "directory";
    case FdKind::deleted_file: return "deleted_file";
    case FdKind::memfd: return "memfd";
    case FdKind::device: return "device";
    case FdKind::pipe: return "pipe";
    case FdKind::socket: return "socket";
    case FdKind::eventfd: return "eventfd";
    case FdKind::eventpoll: return "eventpoll";
    case FdKind::inotify: return "inotify";
    case FdKind::timerfd: return "timerfd";
    case FdKind::signalfd: return "signalfd";
    case FdKind::pidfd: return "pidfd";
    case FdKind::userfaultfd: return "userfaultfd";
    case FdKind::io_uring: return "io_uring";
    case FdKind::bpf: return "bpf";
    case FdKind::perf_event: return "perf_event";
    case FdKind::other: return "other";
  }
  return "unknown";
}

}  // namespace proctor
