#include "agent/commands/one_look.h"

#include "agent/app/collectors.h"

namespace proctor {

Result<std::unique_ptr<Watcher>> watch_one(const std::filesystem::path& procfs, std::int32_t pid,
                                           std::vector<std::string> collectors, const Clock& clock, Looks looks) {
  auto root = ProcRoot::open(procfs);
  if (!root) return fail(root.error().code, "--path.procfs: {}", root.error().message);
  if (const auto process = root->open_process(Pid{pid}); !process) {
    return fail(process.error().code, "process {}: {}", pid, process.error().message);
  }
  TargetRule rule{.name = "{{comm}}", .match = {.pid = pid}, .collectors = std::move(collectors)};
  Config config;
  config.targets = {std::make_shared<const TargetRule>(std::move(rule))};
  return std::make_unique<Watcher>(*std::move(root), std::move(config), clock, make_collectors(procfs, clock, looks));
}

Result<std::shared_ptr<const TargetReport>> look_once(const std::filesystem::path& procfs, std::int32_t pid,
                                                      std::vector<std::string> collectors, Looks looks) {
  const SystemClock clock;
  const auto watcher = PROCTOR_TRY(watch_one(procfs, pid, std::move(collectors), clock, looks));
  const auto publication = watcher->round();
  if (publication->targets.empty()) {
    return fail(ErrorCode::not_found, "process {} is a kernel thread, ended, or is this command itself", pid);
  }
  return publication->targets.front();
}

}  // namespace proctor
