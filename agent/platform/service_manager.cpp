#include "agent/platform/service_manager.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <string>

namespace proctor {
namespace {

/// Without blocking: a manager that does not read shall not hold us up.
UniqueFd connect_to(std::string_view path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() < 2 || path.size() >= sizeof(address.sun_path)) return {};
  path.copy(address.sun_path, path.size());
  if (path.front() == '@') address.sun_path[0] = '\0';  // abstract
  UniqueFd socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) return {};
  return socket;
}

}  // namespace

ServiceManager::ServiceManager() {
  if (const char* path = std::getenv("NOTIFY_SOCKET"); path != nullptr) socket_ = connect_to(path);
  const char* watchdog = std::getenv("WATCHDOG_USEC");
  if (!socket_.valid() || watchdog == nullptr) return;
  const std::string_view text{watchdog};
  std::int64_t microseconds = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), microseconds);
  // Twice as often as asked for, so that one that comes late is no failure.
  if (parsed.ec == std::errc{} && microseconds > 0) period_ = std::chrono::microseconds{microseconds / 2};
}

void ServiceManager::reloading() const {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}",
                   std::chrono::duration_cast<std::chrono::microseconds>(now).count()));
}

void ServiceManager::alive() {
  const auto now = std::chrono::steady_clock::now();
  if (!period_ || now - told_ < *period_) return;
  told_ = now;
  tell("WATCHDOG=1");
}

void ServiceManager::tell(std::string_view state) const {
  if (socket_.valid()) ::send(socket_.get(), state.data(), state.size(), MSG_NOSIGNAL);
}

}  // namespace proctor
