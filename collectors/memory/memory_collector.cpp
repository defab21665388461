#include "collectors/memory/memory_collector.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <unordered_map>

#include "collectors/go/heap_buckets.h"
#include "collectors/memory/allocators.h"
#include "collectors/memory/glibc_malloc.h"
#include "collectors/memory/go_stacks.h"
#include "collectors/memory/growth_history.h"
#include "collectors/memory/mappings.h"
#include "collectors/observation/activity.h"
#include "collectors/os/cgroup.h"
#include "collectors/os/memory_files.h"
#include "collectors/os/proc_limits.h"
#include "collectors/os/proc_status.h"
#include "collectors/os/process_memory.h"
#include "collectors/unwind/native_stacks.h"

namespace proctor {
namespace {

constexpr auto kProportionalPeriod = std::chrono::minutes{5};
constexpr auto kLimitPeriod = std::chrono::minutes{1};
constexpr auto kMappingPeriod = std::chrono::seconds{1};
constexpr auto kMallocPeriod = std::chrono::seconds{1};
constexpr int kMappingShare = 500;  // of the time, at most one part goes into reading the mappings
constexpr Bytes kProportionalMost{std::uint64_t{1} << 30};
constexpr const char* kCgroupMount = "/sys/fs/cgroup";

class MemoryCollector final : public Collector {
 public:
  MemoryCollector(const std::filesystem::path& procfs, const Clock& clock) : clock_(clock) {
    const auto root = ProcRoot::open(procfs);
    const auto text = root ? root->read_file("sys/vm/max_map_count") : Result<std::string>{std::string{}};
    std::uint64_t value = 0;
    if (text && std::from_chars(text->data(), text->data() + text->size(), value).ec == std::errc{}) {
      mapping_limit_ = value;
    }
  }

  std::string_view name() const override { return "memory"; }
  bool applies_to(const TargetDescription&) const override { return true; }
  void observe(const Target& target, Observation& observation) override;
  void forget(const TargetIdentity& target) override { last_.erase(target); }

 private:
  struct Last {
    std::string statm;
    std::shared_ptr<const MemorySnapshot> memory;
    std::shared_ptr<const MappingSnapshot> mappings;
    std::optional<std::uint64_t> mapping_count;
    std::optional<Bytes> limit;
    std::optional<MonotonicTime> limit_read_at;
    std::optional<MonotonicTime> mappings_read_at;
    Nanoseconds mappings_took{};
    std::vector<AddressRange> malloc_data;
    std::string_view other_allocator;
    std::optional<RemoteAddress> main_arena;
    PathClassesOfMany paths;
    std::optional<MallocState> malloc;
    std::optional<MonotonicTime> malloc_read_at;
    Nanoseconds malloc_took{};
    std::shared_ptr<const ThreadSnapshot> threads;  // of the last look
    SmapsRollup rollup;
    std::optional<MonotonicTime> rollup_read_at;
    std::unique_ptr<GrowthHistory> growth;
    std::optional<std::string> growth_build_id;  // of the code that takes memory
  };

  Result<std::shared_ptr<const MemorySnapshot>> read(const Target& target, Last& last, bool is_new);
  void read_mappings(const ProcDir& process, Last& last);
  void read_allocator(const ProcDir& process, Last& last);
  /// Empty for a program that says itself what it allocates.
  Result<NameStacks> names_for(const Target& target);
  void observe_growth(const Target& target, Last& last, Observation& observation);

  const Clock& clock_;
  SiteInterner sites_;
  NativeStacks stacks_;
  std::optional<std::uint64_t> mapping_limit_;
  std::unordered_map<TargetIdentity, Last> last_;
};

std::optional<Bytes> limit_of(const ProcDir& process) {
  std::optional<Bytes> limit;
  if (const auto cgroup = process.read_file("cgroup")) limit = cgroup_memory_limit(parse_cgroup(*cgroup), kCgroupMount);
  const auto limits = read_proc_limits(process);
  if (limits && limits->address_space)
    limit = std::min(limit.value_or(Bytes{UINT64_MAX}), Bytes{*limits->address_space});
  return limit;
}

void MemoryCollector::read_mappings(const ProcDir& process, Last& last) {
  const MonotonicTime begin = clock_.monotonic();
  const auto mappings = read_memory_map(process);
  last.mappings = mappings ? classify(*mappings, last.paths, sites_) : nullptr;
  last.malloc_data = mappings ? malloc_data(*mappings) : std::vector<AddressRange>{};
  last.other_allocator = mappings ? other_allocator(*mappings) : std::string_view{};
  last.mapping_count = mappings ? std::optional<std::uint64_t>{mappings->size()} : std::nullopt;
  last.mappings_read_at = clock_.monotonic();
  last.mappings_took = *last.mappings_read_at - begin;
}

void MemoryCollector::read_allocator(const ProcDir& process, Last& last) {
  const MonotonicTime begin = clock_.monotonic();
  last.malloc.reset();
  const auto memory = ProcessMemory::open(process);
  if (memory && !last.main_arena) last.main_arena = find_main_arena(*memory, last.malloc_data);
  if (memory && last.main_arena) {
    if (auto state = read_malloc(*memory, *last.main_arena)) {
      last.malloc = *state;
    } else {
      last.main_arena.reset();
    }
  }
  last.malloc_read_at = clock_.monotonic();
  last.malloc_took = *last.malloc_read_at - begin;
}

Result<std::shared_ptr<const MemorySnapshot>> MemoryCollector::read(const Target& target, Last& last, bool is_new) {
  const ProcDir& process = target.process();
  if (target.description().zombie) return fail(ErrorCode::zombie, "it has ended and waits to be reaped");
  const ProcStatus status = PROCTOR_TRY(read_proc_status(process));
  if (!status.resident || !status.virtual_size) {
    return fail(ErrorCode::zombie, "it has no memory: it is ending");
  }
  const MonotonicTime now = clock_.monotonic();
  const auto due = [now](const std::optional<MonotonicTime>& read_at, Nanoseconds period) {
    return !read_at || now - *read_at >= period;
  };
  if (due(last.limit_read_at, kLimitPeriod)) {
    last.limit = limit_of(process);
    last.limit_read_at = now;
  }
  // The list of mappings may be long: it is read again when the address space has another size, and the longer it took,
  // the later.
  const Nanoseconds period = std::max<Nanoseconds>(kMappingPeriod, last.mappings_took * kMappingShare);
  if (is_new || due(last.mappings_read_at, period)) read_mappings(process, last);
  if (is_new) read_allocator(process, last);
  if (*status.resident <= kProportionalMost && due(last.rollup_read_at, kProportionalPeriod)) {
    last.rollup = read_smaps_rollup(process).value_or(SmapsRollup{});
    last.rollup_read_at = now;
  }
  auto memory = std::make_shared<MemorySnapshot>();
  memory->resident = *status.resident;
  memory->anonymous = status.anonymous;
  memory->file = status.file;
  memory->shared = status.shared;
  memory->swap = status.swap;
  memory->virtual_size = *status.virtual_size;
  memory->peak_resident = status.peak_resident;
  memory->proportional = last.rollup.proportional;
  memory->lazily_freed = last.rollup.lazily_freed;
  if (last.rollup.proportional) memory->proportional_read_at = last.rollup_read_at;
  memory->other_allocator = last.other_allocator;
  // What the C library's allocator has beside another one says nothing of the program.
  if (last.other_allocator.empty()) memory->malloc = last.malloc;
  memory->limit = last.limit;
  memory->mapping_count = last.mapping_count;
  memory->mapping_limit = mapping_limit_;
  return memory;
}

Result<NameStacks> MemoryCollector::names_for(const Target& target) {
  const NameStacks native = [this](const ProcDir& process, std::span<const ThreadCopy> copies) {
    return stacks_.name(process, copies);
  };
  if (target.description().runtime != Runtime::go) return native;
  GoProcess process = PROCTOR_TRY(GoProcess::attach(target.process()));
  // Its own samples tell more.
  if (samples_allocations(process)) return NameStacks{};
  auto go = std::make_shared<GoStacks>(std::move(process), UserCode{target.rule().wrappers});
  return [go, native](const ProcDir& of, std::span<const ThreadCopy> copies) { return go->name(of, copies, native); };
}

void MemoryCollector::observe_growth(const Target& target, Last& last, Observation& observation) {
  if (!target.rule().memory_growth || target.description().zombie) {
    last.growth.reset();
    last.growth_build_id.reset();
    return;
  }
  if (last.growth_build_id != target.description().build_id) {
    last.growth.reset();
    auto names = names_for(target);
    if (!names) {
      observation.growth = tl::unexpected(std::move(names).error());
      return;
    }
    last.growth_build_id = target.description().build_id;
    if (*names) last.growth = std::make_unique<GrowthHistory>(sites_, *std::move(names));
  }
  if (!last.growth) return;
  observation.growth = last.growth->look(target.process(), clock_.monotonic());
}

void MemoryCollector::observe(const Target& target, Observation& observation) {
  const auto [place, is_new] = last_.try_emplace(target.identity());
  Last& last = place->second;
  auto statm = read_statm(target.process());
  // What is freed need not go back to the kernel, so that the size of the process tells nothing of it.
  const bool ran = !nothing_ran(observation.threads, last.threads);
  last.threads = shared_snapshot(observation.threads);
  const MonotonicTime now = clock_.monotonic();
  const Nanoseconds period = std::max<Nanoseconds>(kMallocPeriod, last.malloc_took * kMappingShare);
  const bool allocator_due =
      ran && !last.malloc_data.empty() && last.memory && (!last.malloc_read_at || now - *last.malloc_read_at >= period);
  if (allocator_due) read_allocator(target.process(), last);
  if (statm && last.memory && *statm == last.statm && !allocator_due) {
    observation.memory = last.memory;
  } else {
    observation.memory = read(target, last, is_new);
    last.memory = shared_snapshot(observation.memory);
    last.statm = statm ? *std::move(statm) : std::string{};
  }
  if (last.mappings) observation.mappings = last.mappings;
  observe_growth(target, last, observation);
}

}  // namespace

std::unique_ptr<Collector> make_memory_collector(const std::filesystem::path& procfs, const Clock& clock) {
  return std::make_unique<MemoryCollector>(procfs, clock);
}

}  // namespace proctor
