#include <fmt/core.h>
#include <unistd.h>

#include <initializer_list>
#include <utility>
#include <vector>

#include "agent/commands/commands.h"
#include "collectors/os/access_cause.h"
#include "collectors/os/proc_root.h"
#include "collectors/os/proc_stat.h"
#include "collectors/os/process_memory.h"
#include "collectors/os/running_threads.h"

namespace proctor {
namespace {

/// Prints a line for one right. Under one that is missing stand what that costs, and the lines of `advice`.
template <typename T>
bool report(std::string_view right, const Result<T>& outcome, std::string_view costs,
            std::initializer_list<std::pair<std::string_view, std::string_view>> advice) {
  if (outcome) {
    fmt::print("ok       {}\n", right);
    return true;
  }
  fmt::print("missing  {} ({}: {})\n         without it: {}\n", right, reason_of(outcome.error().code),
             outcome.error().message, costs);
  for (const auto& [what, text] : advice) fmt::print("         {}: {}\n", what, text);
  return false;
}

/// Likewise for what the kernel's rules for reading another process may refuse.
template <typename T>
bool report_access(std::string_view right, const Result<T>& outcome, std::string_view costs, const AccessCause& cause) {
  const bool refused = !outcome && outcome.error().code == ErrorCode::permission_denied;
  if (!refused) return report(right, outcome, costs, {});
  return report(right, outcome, costs, {{"likely cause", cause.why}, {"mend", cause.mend}});
}

}  // namespace

ExitStatus doctor_command(const std::filesystem::path& procfs, std::optional<std::int32_t> pid) {
  const auto root = ProcRoot::open(procfs);
  if (!report("procfs", root, "nothing can be seen", {{"mend", "mount one, or give its place with --path.procfs"}})) {
    return ExitStatus::failed;
  }
  const Pid target{pid.value_or(static_cast<std::int32_t>(::getppid()))};
  const auto process = root->open_process(target);
  if (!process) {
    fmt::print(stderr, "proctor: process {}: {}\n", number(target), process.error().message);
    return ExitStatus::failed;
  }
  fmt::print("process {}{}\n", number(target), pid ? "" : " (the caller of this command)");
  bool all = report("state, threads, CPU (/proc/PID/stat)", read_proc_stat(*process), "no series of this process",
                    {{"mend", "mount procfs without hidepid, or give its gid"}});
  const AccessCause cause = likely_cause(read_access_facts(*root, *process));
  all &=
      report_access("executable (/proc/PID/exe)", process->read_link("exe"), "runtime and build are not known", cause);
  all &= report_access("descriptors (/proc/PID/fd)", process->list_numbers("fd"), "no fds and sockets", cause);
  all &= report_access("mappings (/proc/PID/maps)", process->read_file("maps"), "no goroutines", cause);
  all &= report_access("blocked threads (/proc/PID/syscall)", process->read_file("syscall"),
                       "no stacks of threads, what they wait for, nor deadlocks", cause);
  all &= report_access("memory (/proc/PID/mem, process_vm_readv)", ProcessMemory::open(*process),
                       "no goroutines and their sites, nor stacks of threads", cause);
  // Nobody needs it who does not ask for it.
  (void)report(
      "events of threads (perf_event_open)", copy_running_threads(*process, std::vector{Tid{number(target)}}),
      "no stacks of threads that run, nor the code that takes memory; both only where asked for",
      {{"mend", "give CAP_PERFMON, or set kernel.perf_event_paranoid to 2 or less and let seccomp pass the call"}});
  return all ? ExitStatus::fine : ExitStatus::failed;
}

}  // namespace proctor
