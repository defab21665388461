#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "agent/commands/commands.h"
#include "agent/commands/one_look.h"
#include "agent/profiles/pprof_profiles.h"

namespace proctor {
namespace {

Result<std::string> profile_of(const Observation& look, const std::string& profile) {
  if (profile == "thread") return thread_pprof(look);
  if (profile == "goroutine") return goroutine_pprof(look);
  if (profile == "goroutineleak") return goroutineleak_pprof(look);
  if (profile == "block" || profile == "mutex") return contention_pprof(look, profile);
  return profile == "heap" ? heap_pprof(look) : heap_pprof(look, "alloc_space");
}

Result<void> write_file(const std::string& path, const std::string& bytes) {
  std::ofstream file{path, std::ios::binary | std::ios::trunc};
  file << bytes << std::flush;
  if (!file) return fail(ErrorCode::io_error, "{}: {}", path, std::strerror(errno));
  return {};
}

}  // namespace

ExitStatus pprof_command(const PprofOptions& options) {
  const auto failed = [](const Error& error) {
    fmt::print(stderr, "proctor: {}\n", error.message);
    return ExitStatus::failed;
  };
  if (options.file.empty() && ::isatty(STDOUT_FILENO) == 1) {
    fmt::print(stderr, "proctor: a profile is no text for a terminal: name a file with -o, or redirect\n");
    return ExitStatus::wrong_usage;
  }
  const OneTarget target{.procfs = options.procfs,
                         .pid = options.pid,
                         .collectors = {options.profile == "thread" ? "threads" : "goroutines"},
                         .thread_stacks = options.thread_stacks};
  const auto report = look_once(target, options.profile == "goroutineleak" ? Looks::one : Looks::many);
  if (!report) return failed(report.error());
  const auto profile = profile_of(*(*report)->observation, options.profile);
  if (!profile) return failed(profile.error());
  if (options.file.empty() || options.file == "-") {
    std::fwrite(profile->data(), 1, profile->size(), stdout);
    return std::fflush(stdout) == 0 ? ExitStatus::fine : ExitStatus::failed;
  }
  if (const auto written = write_file(options.file, *profile); !written) return failed(written.error());
  fmt::print(stderr, "proctor: {} written; go tool pprof {}\n", options.file, options.file);
  return ExitStatus::fine;
}

}  // namespace proctor
