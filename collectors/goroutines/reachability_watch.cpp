#include "collectors/goroutines/reachability_watch.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <map>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "collectors/goroutines/reachability.h"
#include "collectors/os/proc_status.h"

namespace proctor {
namespace {

constexpr Nanoseconds kLeastPause = std::chrono::seconds{2};
constexpr int kPausePerCost = 100;  // so all processes together take at most one per cent of a core
constexpr std::uint64_t kMostWatched = std::uint64_t{2} << 30;  // bytes of heap: about a second
constexpr std::uint64_t kMostAtOnce = std::uint64_t{8} << 30;
constexpr auto kBetweenChecks = std::chrono::milliseconds{100};
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

/// By what they hang on: the place of a goroutine that holds the context above them is the same in every process.
std::shared_ptr<const ContextSnapshot> snapshot_of(const std::vector<LiveContext>& contexts,
                                                   const GoroutineSnapshot& goroutines, MonotonicTime now) {
  std::unordered_map<std::uint64_t, std::uint32_t> holders;  // sites by goid
  for (const LiveContext& context : contexts) {
    if (context.holder != 0) holders.emplace(context.holder, 0);
  }
  for (const GoroutineSample& goroutine : goroutines.goroutines) {
    const auto holder = holders.find(goroutine.goid);
    if (holder != holders.end()) holder->second = goroutine.site;
  }
  auto snapshot = std::make_shared<ContextSnapshot>();
  snapshot->checked_at = now;
  std::unordered_map<SiteId, std::uint32_t> known;
  std::map<std::tuple<bool, bool, std::uint64_t>, std::uint32_t> places;
  for (const LiveContext& context : contexts) {
    const bool has_parent = context.parent != RemoteAddress{};
    const auto next = static_cast<std::uint32_t>(snapshot->sites.size());
    const auto [place, is_new] = places.try_emplace({context.has_deadline, has_parent, context.holder}, next);
    if (is_new) {
      Site site{.name = has_parent ? "under a context that no stack holds" : "under no context that can be cancelled",
                .reason = context.has_deadline ? "deadline" : "cancel"};
      if (context.holder != 0) {
        site.name = "under a context that is held there";
        site.user = goroutines.sites[holders[context.holder]]->user;
      }
      identify(site);
      const auto [same, is_new_site] = known.try_emplace(site.id, next);
      if (is_new_site) snapshot->sites.push_back(std::make_shared<const Site>(std::move(site)));
      place->second = same->second;
    }
    snapshot->contexts.push_back({.context = context.context, .site = place->second});
  }
  return snapshot;
}

Nanoseconds cpu_time() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds{now.tv_sec} + Nanoseconds{now.tv_nsec};
}

}  // namespace

Result<std::vector<UnreachableGoroutine>> ReachabilityWatch::check(const GoProcess& process, const ProcDir& directory,
                                                                   const GoroutineSnapshot& goroutines,
                                                                   MonotonicTime now) {
  const ProcStatus status = PROCTOR_TRY(read_proc_status(directory));
  if (status.swap && count(*status.swap) != 0) {
    return fail(ErrorCode::not_supported,
                "part of the process is swapped out: to follow its heap would bring that back");
  }
  if (!types_) types_ = ContextTypes::find(process);
  const std::uint64_t most = checks_ == ReachabilityChecks::paced ? kMostWatched : kMostAtOnce;
  Reachability found = PROCTOR_TRY(follow_references(process, *types_, most));
  contexts_ = snapshot_of(found.contexts, goroutines, now);
  references_ = std::move(found.references);
  return std::move(found.unreachable);
}

void ReachabilityWatch::publish(std::vector<UnreachableGoroutine> found, WallTime wall) {
  auto snapshot = std::make_shared<UnreachableSnapshot>();
  snapshot->checked_at = wall;
  snapshot->goroutines = std::move(found);
  snapshot->references = references_;
  known_ = std::shared_ptr<const UnreachableSnapshot>(std::move(snapshot));
}

void ReachabilityWatch::update(const GoProcess& process, const ProcDir& directory,
                               const std::shared_ptr<const GoroutineSnapshot>& goroutines, WallTime wall,
                               MonotonicTime now, std::size_t processes) {
  const bool first_look = !std::exchange(next_, next_.value_or(now + delay_));
  if (checks_ == ReachabilityChecks::paced) {
    // A process that is only just watched is to be looked at quickly.
    if (first_look || (!suspected_ && (now < *next_ || goroutines == judged_.lock()))) return;
  }
  const Nanoseconds begin = cpu_time();
  auto found = check(process, directory, *goroutines, now);
  if (found && checks_ == ReachabilityChecks::at_once && !found->empty()) {
    suspected_ = *std::move(found);
    // A thread that the kernel does not let run may have a reference in nothing but a register; not for so long.
    std::this_thread::sleep_for(kBetweenChecks);
    found = check(process, directory, *goroutines, now);
  }
  const Nanoseconds pause = kPausePerCost * (cpu_time() - begin) * static_cast<std::int64_t>(processes);
  *next_ = now + std::max(kLeastPause, pause);
  if (!found) {
    suspected_.reset();
    // It ran while it was read: what is known stays so.
    const bool torn = found.error().code == ErrorCode::torn_read;
    if (torn && known_) return;
    if (!torn) *next_ = now + std::max(kPauseAfterError, pause);
    known_ = tl::unexpected(found.error());
    contexts_ = tl::unexpected(found.error());
    return;
  }
  judged_ = goroutines;
  if (found->empty() || suspected_) {
    publish(confirmed(suspected_.value_or(std::vector<UnreachableGoroutine>{}), *std::move(found)), wall);
    suspected_.reset();
  } else {
    suspected_ = *std::move(found);
  }
}

}  // namespace proctor
