#include "tests/simulate/simulated_process.h"

#include <algorithm>

namespace proctor {
namespace {

constexpr MonotonicTime kBegin{std::chrono::hours{1}};
constexpr WallTime kWallBegin{std::chrono::seconds{1'800'000'000}};

Nanoseconds from_seconds(double value) {
  return std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(value));
}

Bytes from_mebibytes(double value) { return Bytes{static_cast<std::uint64_t>(value * 1024 * 1024)}; }

/// What follows a # tells apart crowds of one place.
SiteRef site_at(const std::string& name, const char* state) {
  const std::string place = name.substr(0, name.find('#'));
  Site site{.state = state, .reason = "select", .user = {.function = place, .file = "main.go", .line = 1}};
  identify(site);
  return std::make_shared<const Site>(std::move(site));
}

}  // namespace

void Crowd::arrive(std::size_t number) {
  for (std::size_t i = 0; i < number; ++i) members_.push_back((*next_)++);
}

void Crowd::leave_oldest(std::size_t number) {
  members_.erase(members_.begin(), members_.begin() + static_cast<std::ptrdiff_t>(std::min(number, members_.size())));
}

void Crowd::leave_random(std::size_t number, std::mt19937_64& dice) {
  for (std::size_t i = 0; i < number && !members_.empty(); ++i) {
    const auto at = std::uniform_int_distribution<std::size_t>{0, members_.size() - 1}(dice);
    members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(at));
  }
}

void Crowd::become(std::size_t number) {
  if (number < size()) leave_oldest(size() - number);
  if (number > size()) arrive(number - size());
}

void Crowd::renew(std::size_t number) {
  members_.clear();
  arrive(number);
}

Crowd& SimulatedProcess::crowd(PopulationKind kind, const std::string& place) {
  return crowds_.try_emplace({kind, place}, next_member_).first->second;
}

void SimulatedProcess::restart(double second) {
  ++lives_;
  began_ = second;
  crowds_.clear();
}

std::shared_ptr<const Observation> SimulatedProcess::look(double second) const {
  auto look = std::make_shared<Observation>();
  look->target.name = "simulated";
  look->target.started_at = kWallBegin + std::chrono::duration_cast<WallTime::duration>(from_seconds(began_));
  look->taken_at = kWallBegin + std::chrono::duration_cast<WallTime::duration>(from_seconds(second));
  look->sampled_at = kBegin + from_seconds(second);

  auto memory = std::make_shared<MemorySnapshot>();
  memory->resident = from_mebibytes(anonymous + file);
  memory->anonymous = from_mebibytes(anonymous);
  memory->file = from_mebibytes(file);
  memory->virtual_size = from_mebibytes(2 * (anonymous + file));
  memory->lazily_freed = from_mebibytes(lazily_freed);
  if (malloc_held > 0) {
    memory->malloc = MallocState{.arenas = 1, .held = from_mebibytes(malloc_held), .free = from_mebibytes(malloc_free)};
  }
  if (limit) memory->limit = from_mebibytes(*limit);
  look->memory = std::move(memory);

  if (go_heap_live > 0) {
    auto go = std::make_shared<GoRuntimeFigures>();
    go->heap_live = from_mebibytes(go_heap_live);
    go->heap_marked = from_mebibytes(go_heap_marked);
    look->go_runtime = std::move(go);
  }

  auto goroutines = std::make_shared<GoroutineSnapshot>();
  auto threads = std::make_shared<ThreadSnapshot>();
  auto fds = std::make_shared<FdSnapshot>();
  for (const auto& [key, crowd] : crowds_) {
    const auto& [kind, place] = key;
    if (kind == PopulationKind::goroutine) {
      goroutines->sites.push_back(site_at(place, "waiting"));
      const auto site = static_cast<std::uint32_t>(goroutines->sites.size() - 1);
      for (const std::uint64_t id : crowd.members()) {
        goroutines->goroutines.push_back({.goid = id, .site = site, .state = GoroutineState::waiting});
      }
    } else if (kind == PopulationKind::thread) {
      threads->sites.push_back(site_at(place, "sleeping"));
      const auto site = static_cast<std::uint32_t>(threads->sites.size() - 1);
      for (const std::uint64_t id : crowd.members()) {
        threads->threads.push_back(
            {.tid = Tid{static_cast<std::int32_t>(id)}, .start_time = StartTime{id}, .site = site});
      }
    } else if (kind == PopulationKind::fd) {
      fds->sites.push_back(site_at(place, ""));
      const auto site = static_cast<std::uint32_t>(fds->sites.size() - 1);
      for (const std::uint64_t id : crowd.members()) {
        fds->fds.push_back(
            {.fd = static_cast<std::int32_t>(id), .inode = Inode{id}, .kind = FdKind::eventfd, .site = site});
      }
    }
  }
  goroutines->user_count = goroutines->goroutines.size();
  fds->open = fds->fds.size();
  fds->limit = 65536;
  std::ranges::sort(threads->threads, {}, &ThreadSample::tid);
  if (!goroutines->goroutines.empty() && tells_goroutines) look->goroutines = std::move(goroutines);
  if (!threads->threads.empty()) look->threads = std::move(threads);
  look->fds = std::move(fds);
  return look;
}

}  // namespace proctor
