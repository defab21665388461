#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <atomic>
#include <optional>
#include <utility>

#include "agent/app/collectors.h"
#include "agent/app/watcher.h"
#include "agent/commands/commands.h"
#include "agent/commands/target_options.h"
#include "agent/http/server.h"
#include "agent/platform/log.h"
#include "agent/platform/own_memory.h"
#include "agent/platform/service_manager.h"
#include "agent/platform/storage_folder.h"
#include "base/unique_fd.h"
#include "config/web_config.h"

namespace proctor {
namespace {

constexpr std::chrono::minutes kSavePeriod{5};  // what is lost of, where the agent is killed

/// SIGTERM, SIGINT and SIGHUP as readable events, blocked for every thread that starts later.
UniqueFd block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return UniqueFd{::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK)};
}

/// Each target holds a directory descriptor; the soft limit of most shells is too low for a thousand.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

/// Goes on from what an agent before this one has stored there.
void restore(Watcher& watcher, const StorageFolder& storage, const Log& log) {
  const auto known = watcher.restore(storage.state_file());
  if (known) {
    log.info(fmt::format("processes known from before: {}", *known));
    return;
  }
  const auto aside = storage.set_state_aside();
  log.error(fmt::format("begins without what was known before: {}{}", known.error().message,
                        aside ? fmt::format("; the file is now {}", aside->string()) : ""));
}

void save(Watcher& watcher, const StorageFolder& storage, const Log& log) {
  if (const auto saved = watcher.save(storage.state_file()); !saved) log.error(saved.error().message);
}

std::shared_ptr<const WebAccess> access_of(WebConfig web) {
  WebAccess access{.auth = nullptr, .headers = std::move(web.headers)};
  if (!web.users.empty()) access.auth = std::make_shared<BasicAuth>(std::move(web.users));
  return std::make_shared<const WebAccess>(std::move(access));
}

void tell(const std::vector<ConfigMistake>& mistakes, const Log& log) {
  for (const ConfigMistake& mistake : mistakes) log.error(to_string(mistake));
}

enum class Event { due, stop, reload };

/// Waits for a signal, a reload asked for over HTTP, or the time of the next round.
Event next_event(int signals, std::atomic<bool>& reload, MonotonicTime due, ServiceManager& manager) {
  while (true) {
    manager.alive();
    if (reload.exchange(false)) return Event::reload;
    const auto left = due - std::chrono::steady_clock::now();
    if (left <= Nanoseconds{0}) return Event::due;
    pollfd waits{.fd = signals, .events = POLLIN, .revents = 0};
    const auto slice = std::min<Nanoseconds>(left, std::chrono::milliseconds{200});  // a reload waits no longer
    const int ready = ::poll(&waits, 1, static_cast<int>(slice / std::chrono::milliseconds{1}) + 1);
    if (ready <= 0) continue;
    signalfd_siginfo signal{};
    if (::read(signals, &signal, sizeof(signal)) != sizeof(signal)) continue;
    return signal.ssi_signo == SIGHUP ? Event::reload : Event::stop;
  }
}

}  // namespace

ExitStatus run_command(const RunOptions& options) {
  const UniqueFd signals = block_signals();
  raise_descriptor_limit();
  keep_own_memory_small();
  const auto log = Log::open(options.log_level, options.log_format);
  if (!log) {
    fmt::print(stderr, "proctor: {}\n", log.error().message);
    return ExitStatus::wrong_usage;
  }
  auto config = config_from(options);
  if (!config) return print_mistakes(config.error());
  ServerOptions server_options;
  std::atomic<std::shared_ptr<const WebAccess>> access;
  if (!options.web_config_file.empty()) {
    auto web = load_web_config(options.web_config_file);
    if (!web) return print_mistakes(web.error());
    server_options.tls = web->tls;
    access = access_of(*std::move(web));
  }
  auto root = ProcRoot::open(options.procfs);
  if (!root) {
    fmt::print(stderr, "proctor: --path.procfs: {}\n", root.error().message);
    return ExitStatus::failed;
  }
  std::optional<StorageFolder> storage;
  if (!options.storage.empty()) {
    auto folder = StorageFolder::open(options.storage);
    if (!folder) {
      fmt::print(stderr, "proctor: --storage.path: {}\n", folder.error().message);
      return ExitStatus::failed;
    }
    storage = *std::move(folder);
  }
  const SystemClock clock;
  Watcher watcher{*std::move(root), *std::move(config), clock, make_collectors(options.procfs, clock)};

  std::atomic<std::shared_ptr<const Publication>> latest;
  std::atomic<bool> reload{false};
  if (!options.listen_addresses.empty()) server_options.listen_addresses = options.listen_addresses;
  server_options.telemetry_path = options.telemetry_path;
  if (options.enable_lifecycle) server_options.reload = [&reload] { reload = true; };
  server_options.publication = [&latest] { return latest.load(); };
  server_options.access = [&access] { return access.load(); };
  auto server = Server::start(server_options);
  if (!server) {
    fmt::print(stderr, "proctor: {}\n", server.error().message);
    return ExitStatus::failed;
  }
  for (const std::string& address : server->addresses()) log->info(fmt::format("listening on {}", address));

  if (storage) restore(watcher, *storage, *log);
  ServiceManager manager;
  bool is_ready = false;
  MonotonicTime due = clock.monotonic();
  MonotonicTime save_due = due + kSavePeriod;
  while (true) {
    switch (next_event(signals.get(), reload, due, manager)) {
      case Event::stop:
        manager.stopping();
        if (storage) save(watcher, *storage, *log);
        return ExitStatus::fine;
      case Event::reload: {
        manager.reloading();
        auto renewed = config_from(options);
        auto web = options.web_config_file.empty() ? LoadedWebConfig{} : load_web_config(options.web_config_file);
        if (renewed && web) {
          if (web->tls != server_options.tls) log->error("tls_server_config has changed, which takes a restart");
          watcher.reconfigure(*std::move(renewed));
          access = access_of(*std::move(web));
          log->info("configuration reloaded");
        } else {
          if (!renewed) tell(renewed.error(), *log);
          if (!web) tell(web.error(), *log);
          log->error("configuration not reloaded, the old one stays");
        }
        manager.ready();
        break;
      }
      case Event::due:
        due = clock.monotonic();
        latest.store(watcher.round());
        if (!std::exchange(is_ready, true)) manager.ready();
        if (storage && due >= save_due) {
          save(watcher, *storage, *log);
          save_due = due + kSavePeriod;
        }
        due += watcher.period();
        break;
    }
  }
}

}  // namespace proctor
