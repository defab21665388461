#include "collectors/cpu/cpu_collector.h"

#include <unordered_map>

#include "collectors/observation/activity.h"
#include "collectors/os/proc_io.h"
#include "collectors/os/proc_stat.h"

namespace proctor {
namespace {

class CpuCollector final : public Collector {
 public:
  std::string_view name() const override { return "cpu"; }
  bool applies_to(const TargetDescription&) const override { return true; }
  void observe(const Target& target, Observation& observation) override;
  void forget(const TargetIdentity& target) override { last_.erase(target); }

 private:
  struct Last {
    std::shared_ptr<const ThreadSnapshot> threads;
    std::shared_ptr<const CpuSnapshot> cpu;
  };
  std::unordered_map<TargetIdentity, Last> last_;
};

Result<std::shared_ptr<const CpuSnapshot>> read_cpu(const ProcDir& process, const ThreadSnapshot* threads) {
  const ProcStat stat = PROCTOR_TRY(read_proc_stat(process));
  auto cpu = std::make_shared<CpuSnapshot>();
  cpu->user = stat.user;
  cpu->system = stat.system;
  cpu->children_user = stat.children_user;
  cpu->children_system = stat.children_system;
  cpu->minor_faults = stat.minor_faults;
  cpu->major_faults = stat.major_faults;
  if (threads != nullptr) {
    cpu->voluntary_switches = threads->voluntary_switches;
    cpu->involuntary_switches = threads->involuntary_switches;
  }
  if (const auto io = read_proc_io(process)) {
    cpu->storage_read = io->read;
    cpu->storage_written = io->written;
  }
  return cpu;
}

void CpuCollector::observe(const Target& target, Observation& observation) {
  Last& last = last_[target.identity()];
  if (last.cpu && nothing_ran(observation.threads, last.threads)) {
    observation.cpu = last.cpu;
    return;
  }
  last.threads = shared_snapshot(observation.threads);
  observation.cpu = read_cpu(target.process(), last.threads.get());
  last.cpu = shared_snapshot(observation.cpu);
}

}  // namespace

std::unique_ptr<Collector> make_cpu_collector() { return std::make_unique<CpuCollector>(); }

}  // namespace proctor
