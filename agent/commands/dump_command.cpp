#include <fmt/core.h>

#include "agent/commands/commands.h"
#include "agent/commands/one_look.h"
#include "agent/profiles/goroutine_text.h"
#include "agent/publication/json_report.h"
#include "agent/publication/site_totals.h"
#include "agent/publication/text_report.h"

namespace proctor {
namespace {

/// A kind of member is read by the collector of that name in the plural; memory has none.
std::string collector_of(const std::string& kind) { return kind == "memory" ? kind : kind + "s"; }

/// As the runtime prints them: for tools that read such traces.
ExitStatus print_traces(const Observation& look) {
  if (const auto* snapshot = snapshot_of(look.goroutines)) {
    fmt::print("{}", goroutine_traces(*snapshot, look.sampled_at));
    return ExitStatus::fine;
  }
  fmt::print(stderr, "proctor: no goroutines of process {}: {}\n", number(look.target.identity.pid),
             look.goroutines ? look.goroutines->error().message : "it is no Go program");
  return ExitStatus::failed;
}

}  // namespace

ExitStatus dump_command(const DumpOptions& options) {
  OneTarget target{
      .procfs = options.procfs, .pid = options.pid, .collectors = {}, .thread_stacks = options.thread_stacks};
  for (const std::string& kind : options.kinds) target.collectors.push_back(collector_of(kind));
  if (options.format == "debug2") target.collectors = {"goroutines"};
  const auto report = look_once(target, Looks::one);
  if (!report) {
    fmt::print(stderr, "proctor: {}\n", report.error().message);
    return ExitStatus::failed;
  }
  if (options.format == "debug2") return print_traces(*(*report)->observation);
  if (options.format == "json") {
    fmt::print("{}\n", json_of(**report, options.members).dump(2));
  } else {
    fmt::print("{}", text_of(**report, options.members));
  }
  return ExitStatus::fine;
}

}  // namespace proctor
