#include "collectors/locks/waits_by_stack.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <utility>

namespace proctor {
namespace {

struct Waiting {
  std::string_view word;  // in the name of the function that waits
  LockKind kind{};
};
constexpr std::array<Waiting, 4> kWaiting{{{"pthread_rwlock_", LockKind::rwlock},
                                           {"pthread_once", LockKind::once},
                                           {"call_once", LockKind::once},
                                           {"__cxa_guard_acquire", LockKind::guard}}};

bool contains(const Frame& frame, std::string_view word) { return frame.function.find(word) != std::string::npos; }

/// Whether it is of what the C library does to wait, by its name or that of the file.
bool is_of_waiting(const Frame& frame) {
  return contains(frame, "futex") || contains(frame, "syscall") || contains(frame, "pthread_") ||
         frame.function.starts_with("libc.") || frame.function.starts_with("libpthread");
}

bool is_timed(const Frame& frame) { return contains(frame, "rwlock_timed") || contains(frame, "rwlock_clock"); }

/// Which of the frames waits, and for what.
struct Place {
  LockKind kind{};
  std::size_t frame = 0;
  bool timed = false;
};

std::optional<Place> waits_at(std::span<const Frame> frames) {
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const auto waiting =
        std::ranges::find_if(kWaiting, [&](const Waiting& each) { return contains(frames[i], each.word); });
    if (waiting != kWaiting.end()) {
      return Place{.kind = waiting->kind, .frame = i, .timed = std::ranges::any_of(frames, is_timed)};
    }
    if (!is_of_waiting(frames[i])) break;
  }
  return std::nullopt;
}

/// The function that needs what is initialised: the first outside of those of the libraries that see to it.
std::string_view needed_by(std::span<const Frame> frames, std::size_t from) {
  for (const Frame& frame : frames.subspan(from)) {
    if (!contains(frame, "once") && !contains(frame, "guard") && !is_of_waiting(frame)) return frame.function;
  }
  return {};
}

/// Whether a thread that does not wait for it stands within the initialisation that `function` needs.
bool initialises(std::span<const Frame> frames, LockKind kind, std::string_view function) {
  for (std::size_t i = 1; i < frames.size(); ++i) {
    if (frames[i].function != function) continue;
    const auto sees_to_it = [](const Frame& frame) { return contains(frame, "once"); };
    if (kind == LockKind::guard || std::ranges::any_of(frames.first(i), sees_to_it)) return true;
  }
  return false;
}

/// The one thread that does; nothing where none or several may.
std::optional<Tid> who_initialises(const ThreadSnapshot& threads, const std::vector<std::optional<Place>>& places,
                                   LockKind kind, std::string_view function) {
  std::optional<Tid> found;
  if (function.empty()) return found;
  for (const ThreadSample& thread : threads.threads) {
    const std::span<const Frame> frames = threads.sites[thread.site]->frames;
    const auto& place = places[thread.site];
    const bool waits = place && place->kind == kind && needed_by(frames, place->frame) == function;
    if (waits || !initialises(frames, kind, function)) continue;
    if (found) return std::nullopt;
    found = thread.tid;
  }
  return found;
}

/// A rwlock is waited for at one of two words, which follow each other: both are one lock.
void join_words_of_rwlocks(std::vector<LockWait>& waits) {
  constexpr std::uint64_t kWord = 4;
  std::set<RemoteAddress> words;
  for (const LockWait& wait : waits) {
    if (wait.kind == LockKind::rwlock) words.insert(wait.address);
  }
  for (LockWait& wait : waits) {
    const RemoteAddress before{number(wait.address) - kWord};
    if (wait.kind == LockKind::rwlock && words.contains(before)) wait.address = before;
  }
}

}  // namespace

std::vector<LockWait> find_waits_by_stack(const ThreadSnapshot& threads) {
  std::vector<std::optional<Place>> places;
  for (const SiteRef& site : threads.sites) {
    places.push_back(site->reason.starts_with("futex") ? waits_at(site->frames) : std::nullopt);
  }
  std::map<std::pair<LockKind, std::string_view>, std::optional<Tid>> initialising;  // by who needs it
  std::vector<LockWait> waits;
  for (const ThreadSample& thread : threads.threads) {
    const auto& place = places[thread.site];
    if (!place || !thread.waits_for || thread.waits_for->kind != WaitedObject::Kind::futex) continue;
    LockWait wait{.waiter = thread.tid, .address = RemoteAddress{thread.waits_for->id}, .kind = place->kind};
    wait.timed = place->timed;
    if (place->kind != LockKind::rwlock) {
      const std::string_view function = needed_by(threads.sites[thread.site]->frames, place->frame);
      const auto [known, is_new] = initialising.try_emplace({place->kind, function});
      if (is_new) known->second = who_initialises(threads, places, place->kind, function);
      wait.owner = known->second;
    }
    wait.known = wait.owner ? LockOwner::inferred : LockOwner::unknown;
    waits.push_back(wait);
  }
  join_words_of_rwlocks(waits);
  return waits;
}

}  // namespace proctor
