#include "collectors/locks/lock_collector.h"

#include <unordered_map>

#include "collectors/locks/lock_reader.h"
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
};

/// Those that sleep in the system call futex; all where the threads were not looked at.
Result<std::vector<Tid>> sleepers_of(const ProcDir& process, const ThreadSnapshot* threads, std::vector<Tid>& all) {
  std::vector<Tid> sleepers;
  if (threads == nullptr) {
    const std::vector<std::int32_t> numbers = PROCTOR_TRY(process.list_numbers("task"));
    for (const std::int32_t tid : numbers) all.push_back(Tid{tid});
    return all;
  }
  for (const ThreadSample& thread : threads->threads) {
    all.push_back(thread.tid);
    const Site& site = *threads->sites[thread.site];
    if (site.reason == "futex" || site.reason == "restarted") sleepers.push_back(thread.tid);
  }
  return sleepers;
}

Result<std::shared_ptr<const LockSnapshot>> look(const ProcDir& process, const ThreadSnapshot* threads) {
  std::vector<Tid> all;
  const std::vector<Tid> sleepers = PROCTOR_TRY(sleepers_of(process, threads, all));
  if (sleepers.empty()) return std::make_shared<const LockSnapshot>();
  const ProcessMemory memory = PROCTOR_TRY(ProcessMemory::open(process));
  return std::make_shared<const LockSnapshot>(PROCTOR_TRY(read_locks(process, memory, sleepers, all)));
}

void LockCollector::observe(const Target& target, Observation& observation) {
  if (observation.target.zombie) return;
  Watched& watched = processes_[target.identity()];
  if (!watched.locks || !nothing_ran(observation.threads, watched.threads)) {
    watched.threads = shared_snapshot(observation.threads);
    watched.locks = look(target.process(), watched.threads.get());
  }
  observation.locks = watched.locks;
}

}  // namespace

std::unique_ptr<Collector> make_lock_collector() { return std::make_unique<LockCollector>(); }

}  // namespace proctor
