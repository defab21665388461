#include "collectors/locks/lock_collector.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "collectors/locks/lock_reader.h"
#include "collectors/locks/wait_cycles.h"
#include "collectors/locks/waits_by_stack.h"
#include "collectors/observation/activity.h"
#include "collectors/os/process_memory.h"

namespace proctor {
namespace {

class LockCollector final : public Collector {
 public:
  std::string_view name() const override { return "locks"; }
  bool applies_to(const TargetDescription&) const override { return true; }
  void observe(const Target& target, Observation& observation) override;
  void forget(const TargetIdentity& target) override { processes_.erase(target); }

 private:
  struct Watched {
    std::shared_ptr<const ThreadSnapshot> threads;  // of the last look
    Part<LockSnapshot> locks;                       // likewise
  };
  std::unordered_map<TargetIdentity, Watched> processes_;
  // Of most processes no thread waits for a lock.
  const std::shared_ptr<const LockSnapshot> none_ = std::make_shared<const LockSnapshot>();
};

/// Those that sleep in the system call futex, or may: without the right to see the call, the reason is not known, or is
/// the name of the kernel's own function.
std::vector<Tid> sleepers_among(const ThreadSnapshot& threads) {
  std::vector<Tid> sleepers;
  for (const ThreadSample& thread : threads.threads) {
    const Site& site = *threads.sites[thread.site];
    const bool may = site.reason == "restarted" || site.reason == "unknown" || site.reason.starts_with("futex");
    if (may) sleepers.push_back(thread.tid);
  }
  return sleepers;
}

/// What a lock itself tells comes first.
void add_waits_by_stack(const ThreadSnapshot& threads, LockSnapshot& locks) {
  std::vector<LockWait> waits = find_waits_by_stack(threads);
  std::erase_if(waits, [&](const LockWait& wait) {
    return std::ranges::binary_search(locks.waits, wait.waiter, {}, &LockWait::waiter);
  });
  if (waits.empty()) return;
  locks.waits.insert(locks.waits.end(), waits.begin(), waits.end());
  std::ranges::sort(locks.waits, {}, &LockWait::waiter);
  locks.cycles = find_wait_cycles(locks.waits);
}

Result<std::vector<Tid>> threads_of(const ProcDir& process, const ThreadSnapshot* threads) {
  std::vector<Tid> tids;
  if (threads != nullptr) {
    for (const ThreadSample& thread : threads->threads) tids.push_back(thread.tid);
    return tids;
  }
  const std::vector<std::int32_t> numbers = PROCTOR_TRY(process.list_numbers("task"));
  for (const std::int32_t tid : numbers) tids.push_back(Tid{tid});
  return tids;
}

Result<std::shared_ptr<const LockSnapshot>> look(const ProcDir& process, const ThreadSnapshot* threads) {
  const std::vector<Tid> all = PROCTOR_TRY(threads_of(process, threads));
  const ProcessMemory memory = PROCTOR_TRY(ProcessMemory::open(process));
  const std::vector<Tid> sleepers = threads != nullptr ? sleepers_among(*threads) : all;
  LockSnapshot locks = PROCTOR_TRY(read_locks(process, memory, sleepers, all));
  if (threads != nullptr) add_waits_by_stack(*threads, locks);
  return std::make_shared<const LockSnapshot>(std::move(locks));
}

void LockCollector::observe(const Target& target, Observation& observation) {
  if (observation.target.zombie) return;
  const auto threads = shared_snapshot(observation.threads);
  if (threads && sleepers_among(*threads).empty()) {
    processes_.erase(target.identity());
    observation.locks = none_;
    return;
  }
  Watched& watched = processes_[target.identity()];
  if (!watched.locks || !nothing_ran(observation.threads, watched.threads)) {
    watched.locks = look(target.process(), threads.get());
    watched.threads = threads;
  }
  observation.locks = watched.locks;
}

}  // namespace

std::unique_ptr<Collector> make_lock_collector() { return std::make_unique<LockCollector>(); }

}  // namespace proctor
