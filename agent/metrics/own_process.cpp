#include "agent/metrics/own_process.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace proctor {
namespace {

Nanoseconds duration_of(const timeval& time) {
  return std::chrono::seconds{time.tv_sec} + std::chrono::microseconds{time.tv_usec};
}

std::optional<std::uint64_t> count_descriptors() {
  std::error_code error;
  std::uint64_t entries = 0;
  for (std::filesystem::directory_iterator entry{"/proc/self/fd", error}, end; !error && entry != end;
       entry.increment(error)) {
    ++entries;
  }
  if (error || entries == 0) return std::nullopt;
  return entries - 1;  // the listing itself
}

/// Field 22 of stat: ticks since boot. The name in parentheses may hold spaces, so it is skipped from its end.
std::optional<std::uint64_t> start_ticks() {
  std::ifstream file{"/proc/self/stat"};
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields{line.substr(name_end + 1)};
  std::string skipped;
  for (int field = 3; field < 22; ++field) fields >> skipped;
  std::uint64_t ticks = 0;
  if (!(fields >> ticks)) return std::nullopt;
  return ticks;
}

std::optional<std::uint64_t> boot_seconds() {
  std::ifstream file{"/proc/stat"};
  std::string key;
  std::uint64_t value = 0;
  while (file >> key) {
    if (key == "btime" && file >> value) return value;
    std::getline(file, key);
  }
  return std::nullopt;
}

}  // namespace

OwnProcess read_own_process() {
  OwnProcess own;
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) == 0) own.cpu = duration_of(usage.ru_utime) + duration_of(usage.ru_stime);
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) own.max_fds = limit.rlim_cur;
  own.open_fds = count_descriptors();
  std::ifstream statm{"/proc/self/statm"};
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  if (const long page = sysconf(_SC_PAGESIZE); page > 0 && statm >> size >> resident) {
    own.virtual_memory = Bytes{size * static_cast<std::uint64_t>(page)};
    own.resident_memory = Bytes{resident * static_cast<std::uint64_t>(page)};
  }
  const auto ticks = start_ticks();
  const auto boot = boot_seconds();
  if (const long hertz = sysconf(_SC_CLK_TCK); hertz > 0 && ticks && boot) {
    own.started_at = static_cast<double>(*boot) + static_cast<double>(*ticks) / static_cast<double>(hertz);
  }
  return own;
}

}  // namespace proctor
