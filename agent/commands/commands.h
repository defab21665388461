#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "config/config.h"

namespace proctor {

/// Exit statuses of every subcommand.
enum class ExitStatus : int { fine = 0, failed = 1, wrong_usage = 2 };

struct RunOptions {
  std::string config_file;
  std::vector<std::int32_t> target_pids;
  std::vector<std::string> target_names;  // globs on comm
  std::vector<std::string> listen_addresses;
  std::string telemetry_path = "/metrics";
  std::string web_config_file;  // empty: everybody may ask
  bool enable_lifecycle = false;
  std::filesystem::path procfs = "/proc";
  std::filesystem::path storage;  // empty: nothing outlives the agent
  std::optional<Nanoseconds> interval;
  std::string log_level = "info";
  std::string log_format = "logfmt";
};

struct DumpOptions {
  std::int32_t pid = 0;
  std::string format = "text";     // text, json, debug2
  std::vector<std::string> kinds;  // goroutine, thread, fd, memory, lock; empty: all
  bool members = false;
  ThreadStacks thread_stacks = ThreadStacks::blocked;
  std::filesystem::path procfs = "/proc";
};

struct PprofOptions {
  std::int32_t pid = 0;
  std::string profile = "goroutine";  // as /debug/pprof/PID lists them
  std::string file;                   // empty: standard output
  ThreadStacks thread_stacks = ThreadStacks::blocked;
  std::filesystem::path procfs = "/proc";
};

struct TopOptions {
  std::int32_t pid = 0;
  Nanoseconds interval = std::chrono::seconds{1};
  std::uint64_t rounds = 0;  // ends after so many; 0: when it is interrupted, or the process ends
  std::filesystem::path procfs = "/proc";
};

/// One function per subcommand: each prints to standard output, errors as one line to standard error.
ExitStatus run_command(const RunOptions& options);
ExitStatus dump_command(const DumpOptions& options);
ExitStatus top_command(const TopOptions& options);
ExitStatus pprof_command(const PprofOptions& options);
ExitStatus check_config_command(const std::string& file);
ExitStatus doctor_command(const std::filesystem::path& procfs, std::optional<std::int32_t> pid);
ExitStatus version_command();

}  // namespace proctor
