#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "collectors/observation/fd_snapshot.h"
#include "collectors/observation/lock_snapshot.h"
#include "collectors/observation/thread_snapshot.h"

namespace proctor {

/// "12 (worker, in Pool::run pool.cpp:41)", as far as it is known.
std::string shown_thread(Tid tid, const ThreadSnapshot* threads);

/// "mutex", "flag of std::call_once", "guard of a static variable".
std::string_view shown_kind(LockKind kind);

/// "is blocked in read on descriptor 7 (127.0.0.1:5432, socket tcp)", "is running".
std::string shown_wait(Tid tid, const ThreadSnapshot* threads, const FdSnapshot* fds);

/// Where a thread stands; one that says only that it sleeps in a futex, where that is not known.
std::shared_ptr<const Site> site_of_thread(Tid tid, const ThreadSnapshot* threads);

}  // namespace proctor
