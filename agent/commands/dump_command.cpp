#include <fmt/core.h>

#include "agent/app/collectors.h"
#include "agent/app/watcher.h"
#include "agent/commands/commands.h"
#include "agent/publication/json_report.h"
#include "agent/publication/text_report.h"

namespace proctor {
namespace {

/// A kind of member is read by the collector of that name in the plural; memory has none.
std::string collector_of(const std::string& kind) { return kind == "memory" ? kind : kind + "s"; }

}  // namespace

ExitStatus dump_command(const DumpOptions& options) {
  auto root = ProcRoot::open(options.procfs);
  if (!root) {
    fmt::print(stderr, "proctor: --path.procfs: {}\n", root.error().message);
    return ExitStatus::failed;
  }
  if (const auto process = root->open_process(Pid{options.pid}); !process) {
    fmt::print(stderr, "proctor: process {}: {}\n", options.pid, process.error().message);
    return ExitStatus::failed;
  }
  TargetRule rule{.name = "{{comm}}", .match = {.pid = options.pid}};
  for (const std::string& kind : options.kinds) rule.collectors.push_back(collector_of(kind));
  Config config;
  config.targets = {std::make_shared<const TargetRule>(std::move(rule))};
  const SystemClock clock;
  Watcher watcher{*std::move(root), std::move(config), clock, make_collectors(options.procfs, clock)};
  const auto publication = watcher.round();
  if (publication->targets.empty()) {
    fmt::print(stderr, "proctor: process {} is a kernel thread, ended, or is this command itself\n", options.pid);
    return ExitStatus::failed;
  }
  const TargetReport& report = *publication->targets.front();
  if (options.format == "json") {
    fmt::print("{}\n", json_of(report, options.members).dump(2));
  } else {
    fmt::print("{}", text_of(report, options.members));
  }
  return ExitStatus::fine;
}

}  // namespace proctor
