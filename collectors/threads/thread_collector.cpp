#include "collectors/threads/thread_collector.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <unordered_map>

#include "collectors/os/cgroup.h"
#include "collectors/os/proc_limits.h"
#include "collectors/os/proc_status.h"
#include "collectors/threads/thread_history.h"

namespace proctor {
namespace {

constexpr auto kLimitPeriod = std::chrono::minutes{1};
constexpr const char* kCgroupMount = "/sys/fs/cgroup";

class ThreadCollector final : public Collector {
 public:
  ThreadCollector(const std::filesystem::path& procfs, const Clock& clock) : clock_(clock) {
    const auto root = ProcRoot::open(procfs);
    const auto text = root ? root->read_file("sys/kernel/threads-max") : Result<std::string>{std::string{}};
    std::uint64_t value = 0;
    if (text && std::from_chars(text->data(), text->data() + text->size(), value).ec == std::errc{})
      kernel_limit_ = value;
  }

  std::string_view name() const override { return "threads"; }
  bool applies_to(const TargetDescription&) const override { return true; }
  void observe(const Target& target, Observation& observation) override {
    // The threads of Go's own scheduler have no stacks of interest, nor tables for them: its goroutines have.
    const bool with_stacks =
        target.rule().thread_stacks != ThreadStacks::none && target.description().runtime != Runtime::go;
    const auto [place, is_new] = processes_.try_emplace(target.identity(), sites_, with_stacks ? &stacks_ : nullptr,
                                                        target.rule().thread_stacks == ThreadStacks::all);
    Watched& watched = place->second;
    const MonotonicTime now = clock_.monotonic();
    if (is_new || now - watched.limit_read_at >= kLimitPeriod) {
      watched.cgroup = cgroup_limit_of(target.process());
      watched.limit = limit_of(target.process(), watched.cgroup);
      watched.limit_read_at = now;
    }
    observation.threads = watched.history.look(target.process(), watched.limit);
    if (!watched.cgroup) return;
    if (const auto in_use = read_cgroup_number(watched.cgroup->in_use)) {
      observation.cgroup_threads = {.in_use = *in_use, .limit = watched.cgroup->limit};
    }
  }
  void forget(const TargetIdentity& target) override { processes_.erase(target); }

 private:
  struct Watched {
    Watched(SiteInterner& sites, NativeStacks* stacks, bool running) : history(sites, stacks, running) {}
    ThreadHistory history;
    std::optional<std::uint64_t> limit;  // the lowest of all
    std::optional<CgroupThreadLimit> cgroup;
    MonotonicTime limit_read_at{};
  };

  static std::optional<CgroupThreadLimit> cgroup_limit_of(const ProcDir& process);
  std::optional<std::uint64_t> limit_of(const ProcDir& process, const std::optional<CgroupThreadLimit>& cgroup) const;

  const Clock& clock_;
  std::optional<std::uint64_t> kernel_limit_;
  SiteInterner sites_;
  NativeStacks stacks_;
  std::unordered_map<TargetIdentity, Watched> processes_;
};

std::optional<CgroupThreadLimit> ThreadCollector::cgroup_limit_of(const ProcDir& process) {
  const auto cgroup = process.read_file("cgroup");
  return cgroup ? cgroup_thread_limit(parse_cgroup(*cgroup), kCgroupMount) : std::nullopt;
}

std::optional<std::uint64_t> ThreadCollector::limit_of(const ProcDir& process,
                                                       const std::optional<CgroupThreadLimit>& cgroup) const {
  std::optional<std::uint64_t> limit = kernel_limit_;
  const auto take = [&limit](std::optional<std::uint64_t> other) {
    if (other) limit = std::min(limit.value_or(*other), *other);
  };
  if (cgroup) take(cgroup->limit);
  const auto status = read_proc_status(process);
  const bool is_root = !status || !status->real_uid || *status->real_uid == 0;
  if (const auto limits = read_proc_limits(process); limits && !is_root) take(limits->threads);
  return limit;
}

}  // namespace

std::unique_ptr<Collector> make_thread_collector(const std::filesystem::path& procfs, const Clock& clock) {
  return std::make_unique<ThreadCollector>(procfs, clock);
}

}  // namespace proctor
