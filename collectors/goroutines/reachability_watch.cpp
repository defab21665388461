#include "collectors/goroutines/reachability_watch.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <utility>

#include "collectors/goroutines/reachability.h"
#include "collectors/os/proc_status.h"

namespace proctor {
namespace {

constexpr Nanoseconds kLeastPause = std::chrono::minutes{1};
constexpr int kPausePerCost = 200;  // so all processes together take at most a half per cent of a core
constexpr std::uint64_t kMostWatched = std::uint64_t{2} << 30;  // bytes of heap: about a second
constexpr std::uint64_t kMostAtOnce = std::uint64_t{8} << 30;
constexpr Nanoseconds kPauseAfterError = std::chrono::minutes{10};

/// Those of `found` that were in the same wait in the check before.
std::vector<UnreachableGoroutine> confirmed(const std::vector<UnreachableGoroutine>& before,
                                            std::vector<UnreachableGoroutine> found) {
  std::erase_if(found, [&](const UnreachableGoroutine& goroutine) {
    const auto known = std::ranges::lower_bound(before, goroutine.goid, {}, &UnreachableGoroutine::goid);
    return known == before.end() || !known->same_wait(goroutine);
  });
  return found;
}

Nanoseconds cpu_time() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds{now.tv_sec} + Nanoseconds{now.tv_nsec};
}

}  // namespace

Result<std::vector<UnreachableGoroutine>> ReachabilityWatch::check(const GoProcess& process, const ProcDir& directory) {
  const ProcStatus status = PROCTOR_TRY(read_proc_status(directory));
  if (status.swap && count(*status.swap) != 0) {
    return fail(ErrorCode::not_supported,
                "part of the process is swapped out: to follow its heap would bring that back");
  }
  return find_unreachable(process, checks_ == ReachabilityChecks::paced ? kMostWatched : kMostAtOnce);
}

void ReachabilityWatch::publish(std::vector<UnreachableGoroutine> found, WallTime wall) {
  auto snapshot = std::make_shared<UnreachableSnapshot>();
  snapshot->checked_at = wall;
  snapshot->goroutines = std::move(found);
  known_ = std::shared_ptr<const UnreachableSnapshot>(std::move(snapshot));
}

Part<UnreachableSnapshot> ReachabilityWatch::update(const GoProcess& process, const ProcDir& directory,
                                                    const std::shared_ptr<const GoroutineSnapshot>& goroutines,
                                                    WallTime wall, MonotonicTime now, std::size_t processes) {
  const bool first_look = !std::exchange(next_, next_.value_or(now + delay_));
  if (checks_ == ReachabilityChecks::paced) {
    // A process that is only just watched is to be looked at quickly.
    if (first_look || (!suspected_ && (now < *next_ || goroutines == judged_.lock()))) return known_;
  }
  const Nanoseconds begin = cpu_time();
  auto found = check(process, directory);
  if (found && checks_ == ReachabilityChecks::at_once && !found->empty()) {
    suspected_ = *std::move(found);
    found = check(process, directory);
  }
  const Nanoseconds cost = (cpu_time() - begin) * static_cast<std::int64_t>(processes);
  *next_ = now + std::max(kLeastPause, kPausePerCost * cost);
  if (!found) {
    suspected_.reset();
    *next_ = now + std::max(kPauseAfterError, kPausePerCost * cost);
    known_ = tl::unexpected(found.error());
    return known_;
  }
  judged_ = goroutines;
  if (found->empty() || suspected_) {
    publish(confirmed(suspected_.value_or(std::vector<UnreachableGoroutine>{}), *std::move(found)), wall);
    suspected_.reset();
  } else {
    suspected_ = *std::move(found);
  }
  return known_;
}

}  // namespace proctor
