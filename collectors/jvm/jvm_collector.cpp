#include "collectors/jvm/jvm_collector.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <vector>

#include "collectors/jvm/perf_data.h"
#include "collectors/observation/activity.h"
#include "collectors/os/memory_map.h"
#include "collectors/os/process_memory.h"

namespace proctor {
namespace {

constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 20;

class JvmCollector final : public Collector {
 public:
  std::string_view name() const override { return "jvm"; }
  bool applies_to(const TargetDescription& target) const override { return target.runtime == Runtime::jvm; }
  void observe(const Target& target, Observation& observation) override;
  void forget(const TargetIdentity& target) override { processes_.erase(target); }

 private:
  struct Watched {
    std::optional<AddressRange> counters;
    std::shared_ptr<const ThreadSnapshot> threads;  // of the last look
    Part<JvmSnapshot> jvm;                          // likewise
  };
  static Result<std::shared_ptr<const JvmSnapshot>> read(const ProcDir& process, Watched& watched);

  std::unordered_map<TargetIdentity, Watched> processes_;
};

/// Where a JVM has its counters: it maps the file, so that neither its path nor its namespace matters.
Result<AddressRange> find_counters(const ProcDir& process) {
  const auto mappings = PROCTOR_TRY(read_memory_map(process));
  const auto found = std::ranges::find_if(mappings, [](const MemoryMapping& mapping) {
    return mapping.readable && mapping.path.find("/hsperfdata_") != std::string::npos;
  });
  if (found == mappings.end()) {
    return fail(ErrorCode::not_found, "it keeps no counters in a file: -XX:-UsePerfData or +PerfDisableSharedMem");
  }
  if (found->range.size() > kMostBytes)
    return fail(ErrorCode::limit_reached, "counters of {} bytes", found->range.size());
  return found->range;
}

Result<std::shared_ptr<const JvmSnapshot>> JvmCollector::read(const ProcDir& process, Watched& watched) {
  if (!watched.counters) watched.counters = PROCTOR_TRY(find_counters(process));
  const ProcessMemory memory = PROCTOR_TRY(ProcessMemory::open(process));
  std::vector<std::byte> bytes(watched.counters->size());
  PROCTOR_TRY_VOID(memory.read(watched.counters->begin, bytes));
  return std::make_shared<const JvmSnapshot>(PROCTOR_TRY(parse_perf_data(bytes)));
}

void JvmCollector::observe(const Target& target, Observation& observation) {
  if (target.description().zombie) return;
  Watched& watched = processes_[target.identity()];
  if (!watched.jvm || !nothing_ran(observation.threads, watched.threads)) {
    watched.jvm = read(target.process(), watched);
    watched.threads = shared_snapshot(observation.threads);
    if (!*watched.jvm) watched.counters.reset();
  }
  observation.jvm = watched.jvm;
}

}  // namespace

std::unique_ptr<Collector> make_jvm_collector() { return std::make_unique<JvmCollector>(); }

}  // namespace proctor
