#include "agent/ledger/census.h"

#include <map>
#include <string>
#include <utility>

#include "base/text.h"

namespace proctor {
namespace {

constexpr int kKindShift = 56;  // inode numbers do not reach the highest byte

template <typename Snapshot>
std::shared_ptr<const Snapshot> snapshot_of(const Part<Snapshot>& part) {
  return part && *part ? **part : nullptr;
}

/// Descriptors above the collector's cap are sampled: one that is not in the sample need not have been closed.
std::shared_ptr<const FdSnapshot> whole_fds(const Observation& observation) {
  auto fds = snapshot_of(observation.fds);
  return fds && !fds->sampled ? fds : nullptr;
}

std::optional<Census> census_of(const std::shared_ptr<const GoroutineSnapshot>& snapshot) {
  if (!snapshot) return std::nullopt;
  Census census{.kind = PopulationKind::goroutine, .sites = snapshot->sites};
  census.members.reserve(snapshot->goroutines.size());
  for (const GoroutineSample& goroutine : snapshot->goroutines) {
    if (goroutine.system) continue;
    census.members.push_back({.key = {.first = goroutine.goid},
                              .site = goroutine.site,
                              .wait_token = goroutine.wait_token,
                              .since = goroutine.waiting_since,
                              .held = goroutine.stack});
  }
  return census;
}

std::optional<Census> census_of(const std::shared_ptr<const ThreadSnapshot>& snapshot) {
  if (!snapshot) return std::nullopt;
  Census census{.kind = PopulationKind::thread, .sites = snapshot->sites};
  census.members.reserve(snapshot->threads.size());
  for (const ThreadSample& thread : snapshot->threads) {
    const auto tid = static_cast<std::uint64_t>(number(thread.tid));
    census.members.push_back({.key = {.first = tid, .second = number(thread.start_time)},
                              .site = thread.site,
                              .wait_token = thread.switches});
  }
  return census;
}

std::optional<Census> fd_census(const std::shared_ptr<const FdSnapshot>& snapshot) {
  if (!snapshot) return std::nullopt;
  Census census{.kind = PopulationKind::fd, .sites = snapshot->sites};
  census.members.reserve(snapshot->fds.size());
  for (const FdSample& fd : snapshot->fds) {
    const std::uint64_t file = number(fd.inode) ^ (static_cast<std::uint64_t>(fd.kind) << kKindShift);
    census.members.push_back({.key = {.first = static_cast<std::uint64_t>(fd.fd), .second = file}, .site = fd.site});
  }
  return census;
}

std::optional<Census> socket_census(const std::shared_ptr<const FdSnapshot>& snapshot) {
  if (!snapshot) return std::nullopt;
  Census census{.kind = PopulationKind::socket, .sites = snapshot->sites};
  census.members.reserve(snapshot->sockets.size());
  for (const SocketSample& socket : snapshot->sockets) {
    census.members.push_back({.key = {.first = number(socket.inode)}, .site = socket.site});
  }
  return census;
}

std::optional<Census> census_of(const std::shared_ptr<const MappingSnapshot>& snapshot) {
  if (!snapshot) return std::nullopt;
  Census census{.kind = PopulationKind::mapping, .sites = snapshot->sites};
  census.members.reserve(snapshot->mappings.size());
  for (const MappingSample& mapping : snapshot->mappings) {
    census.members.push_back({.key = {.first = mapping.begin}, .site = mapping.site, .held = Bytes{mapping.bytes}});
  }
  return census;
}

std::optional<Census> census_of(const std::shared_ptr<const TimerSnapshot>& snapshot) {
  if (!snapshot) return std::nullopt;
  Census census{.kind = PopulationKind::timer, .sites = snapshot->sites};
  census.members.reserve(snapshot->timers.size());
  for (const TimerSample& timer : snapshot->timers) {
    census.members.push_back({.key = {.first = number(timer.timer)}, .site = timer.site});
  }
  return census;
}

std::optional<Census> census_of(const std::shared_ptr<const ContextSnapshot>& snapshot) {
  if (!snapshot) return std::nullopt;
  Census census{.kind = PopulationKind::context, .sites = snapshot->sites, .read_at = snapshot->checked_at};
  census.members.reserve(snapshot->contexts.size());
  for (const ContextSample& context : snapshot->contexts) {
    census.members.push_back({.key = {.first = number(context.context)}, .site = context.site});
  }
  return census;
}

Census child_census(const std::vector<ChildSample>& children) {
  Census census{.kind = PopulationKind::child};
  std::map<std::pair<std::string, bool>, std::uint32_t> known;
  for (const ChildSample& child : children) {
    const auto next = static_cast<std::uint32_t>(census.sites.size());
    const auto [entry, added] = known.try_emplace({fold_numbers(to_valid_utf8(child.comm)), child.zombie}, next);
    if (added) {
      Site site{.state = child.zombie ? "zombie" : "alive", .user = {.function = entry->first.first}};
      identify(site);
      census.sites.push_back(std::make_shared<const Site>(std::move(site)));
    }
    const auto pid = static_cast<std::uint64_t>(number(child.pid));
    census.members.push_back({.key = {.first = pid, .second = number(child.start_time)}, .site = entry->second});
  }
  return census;
}

}  // namespace

std::shared_ptr<const void> census_source(const Observation& observation, PopulationKind kind) {
  switch (kind) {
    case PopulationKind::goroutine: return snapshot_of(observation.goroutines);
    case PopulationKind::thread: return snapshot_of(observation.threads);
    case PopulationKind::fd:
    case PopulationKind::socket: return whole_fds(observation);
    case PopulationKind::mapping: return snapshot_of(observation.mappings);
    case PopulationKind::timer: return snapshot_of(observation.timers);
    case PopulationKind::context: return snapshot_of(observation.contexts);
    case PopulationKind::child:
    case PopulationKind::allocation: return nullptr;
  }
  return nullptr;
}

std::optional<Census> take_census(const Observation& observation, PopulationKind kind) {
  switch (kind) {
    case PopulationKind::goroutine: return census_of(snapshot_of(observation.goroutines));
    case PopulationKind::thread: return census_of(snapshot_of(observation.threads));
    case PopulationKind::fd: return fd_census(whole_fds(observation));
    case PopulationKind::socket: return socket_census(whole_fds(observation));
    case PopulationKind::mapping: return census_of(snapshot_of(observation.mappings));
    case PopulationKind::timer: return census_of(snapshot_of(observation.timers));
    case PopulationKind::context: return census_of(snapshot_of(observation.contexts));
    case PopulationKind::child: return child_census(observation.children);
    case PopulationKind::allocation: return std::nullopt;
  }
  return std::nullopt;
}

std::vector<Census> take_census(const Observation& observation) {
  std::vector<Census> censuses;
  for (const PopulationKind kind : kPopulationKinds) {
    if (auto census = take_census(observation, kind)) censuses.push_back(*std::move(census));
  }
  return censuses;
}

}  // namespace proctor
