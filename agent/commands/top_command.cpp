#include <fmt/core.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "agent/app/watcher.h"
#include "agent/commands/commands.h"
#include "agent/commands/one_look.h"
#include "agent/publication/top_report.h"
#include "base/clock.h"

namespace proctor {
namespace {

constexpr std::size_t kHeadRows = 8;
constexpr std::size_t kDefaultRows = 20;
constexpr const char* kClear = "\x1b[H\x1b[2J";

struct Screen {
  std::size_t rows = kDefaultRows;
  std::size_t columns = 80;
};

Screen screen() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row <= kHeadRows || size.ws_col == 0) return {};
  return {.rows = size.ws_row - kHeadRows, .columns = size.ws_col};
}

/// Waits for an interruption, at most so long; whether one came.
bool interrupted(Nanoseconds period) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(period);
  const timespec wait{.tv_sec = whole.count(), .tv_nsec = (period - whole).count()};
  return ::sigtimedwait(&signals, nullptr, &wait) > 0;
}

}  // namespace

ExitStatus top_command(const TopOptions& options) {
  const SystemClock clock;
  const auto watcher = watch_one({.procfs = options.procfs, .pid = options.pid, .collectors = {}}, clock);
  if (!watcher) {
    fmt::print(stderr, "proctor: {}\n", watcher.error().message);
    return ExitStatus::failed;
  }
  const bool on_terminal = ::isatty(STDOUT_FILENO) == 1;
  for (std::uint64_t round = 1;; ++round) {
    const auto publication = (*watcher)->round();
    if (publication->targets.empty()) {
      fmt::print(stderr, "proctor: process {} has ended, or is none that is watched\n", options.pid);
      return round == 1 ? ExitStatus::failed : ExitStatus::fine;
    }
    const Screen room = screen();
    fmt::print("{}{}", on_terminal ? kClear : "", top_of(*publication->targets.front(), room.rows, room.columns));
    if (std::fflush(stdout) != 0) return ExitStatus::failed;
    if (round == options.rounds || interrupted(options.interval)) return ExitStatus::fine;
    if (!on_terminal) fmt::print("\n");
  }
}

}  // namespace proctor
