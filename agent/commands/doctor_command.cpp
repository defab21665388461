#include <fmt/core.h>
#include <unistd.h>

#include <vector>

#include "agent/commands/commands.h"
#include "collectors/os/proc_root.h"
#include "collectors/os/proc_stat.h"
#include "collectors/os/process_memory.h"
#include "collectors/os/running_threads.h"

namespace proctor {
namespace {

/// Prints a line for one right; the mend stands under one that is missing.
template <typename T>
bool report(std::string_view right, const Result<T>& outcome, std::string_view costs, std::string_view mend) {
  if (outcome) {
    fmt::print("ok       {}\n", right);
    return true;
  }
  fmt::print("missing  {} ({}: {})\n         without it: {}\n         mend: {}\n", right,
             reason_of(outcome.error().code), outcome.error().message, costs, mend);
  return false;
}

constexpr std::string_view kPtraceMend =
    "run as root or as the target's user, or give CAP_SYS_PTRACE (setcap cap_sys_ptrace+ep, AmbientCapabilities=, "
    "securityContext.capabilities.add: [SYS_PTRACE])";

/// These files belong to the target's user alone: the right to trace does not open them.
constexpr std::string_view kOwnersMend =
    "run as root or as the target's user, or give CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH (setcap "
    "cap_sys_ptrace,cap_dac_read_search+ep, AmbientCapabilities=, securityContext.capabilities.add: [SYS_PTRACE, "
    "DAC_READ_SEARCH])";

}  // namespace

ExitStatus doctor_command(const std::filesystem::path& procfs, std::optional<std::int32_t> pid) {
  const auto root = ProcRoot::open(procfs);
  if (!report("procfs", root, "nothing can be seen", "mount one, or give its place with --path.procfs")) {
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
                    "mount procfs without hidepid, or give its gid");
  all &=
      report("executable (/proc/PID/exe)", process->read_link("exe"), "runtime and build are not known", kPtraceMend);
  all &= report("descriptors (/proc/PID/fd)", process->list_numbers("fd"), "no fds and sockets", kOwnersMend);
  all &= report("mappings (/proc/PID/maps)", process->read_file("maps"), "no goroutines", kPtraceMend);
  all &= report("blocked threads (/proc/PID/syscall)", process->read_file("syscall"),
                "no stacks of threads, what they wait for, nor deadlocks", kOwnersMend);
  all &= report("memory (/proc/PID/mem, process_vm_readv)", ProcessMemory::open(*process),
                "no goroutines and their sites, nor stacks of threads", kOwnersMend);
  // Nobody needs it who does not ask for it.
  (void)report("events of threads (perf_event_open)", copy_running_threads(*process, std::vector{Tid{number(target)}}),
               "no stacks of threads that run, nor the code that takes memory; both only where asked for",
               "give CAP_PERFMON, or set kernel.perf_event_paranoid to 2 or less and let seccomp pass the call");
  return all ? ExitStatus::fine : ExitStatus::failed;
}

}  // namespace proctor
