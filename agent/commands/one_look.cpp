#include "agent/commands/one_look.h"

#include "agent/app/collectors.h"

namespace proctor {

Result<std::unique_ptr<Watcher>> watch_one(const OneTarget& target, const Clock& clock, Looks looks) {
  auto root = ProcRoot::open(target.procfs);
  if (!root) return fail(root.error().code, "--path.procfs: {}", root.error().message);
  if (const auto process = root->open_process(Pid{target.pid}); !process) {
    return fail(process.error().code, "process {}: {}", target.pid, process.error().message);
  }
  TargetRule rule{.name = "{{comm}}",
                  .match = {.pid = target.pid},
                  .collectors = target.collectors,
                  .thread_stacks = target.thread_stacks};
  Config config;
  config.targets = {std::make_shared<const TargetRule>(std::move(rule))};
  return std::make_unique<Watcher>(*std::move(root), std::move(config), clock,
                                   make_collectors(target.procfs, clock, looks));
}

Result<std::shared_ptr<const TargetReport>> look_once(const OneTarget& target, Looks looks) {
  const SystemClock clock;
  const auto watcher = PROCTOR_TRY(watch_one(target, clock, looks));
  const auto publication = watcher->round();
  if (publication->targets.empty()) {
    return fail(ErrorCode::not_found, "process {} is a kernel thread, ended, or is this command itself", target.pid);
  }
  return publication->targets.front();
}

}  // namespace proctor
