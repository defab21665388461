#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/unique_fd.h"

namespace proctor {

/// Tells systemd how the service is, where it has started us with Type=notify: the protocol of sd_notify(3). Without a
/// service manager each call does nothing.
class ServiceManager {
 public:
  /// From NOTIFY_SOCKET and WATCHDOG_USEC of the environment.
  ServiceManager();

  void ready() const { tell("READY=1"); }
  void reloading() const;
  void stopping() const { tell("STOPPING=1"); }
  /// To be called often: says that we are alive, as often as the manager asks for it.
  void alive();

 private:
  void tell(std::string_view state) const;

  UniqueFd socket_;  // connected; none without a manager
  std::optional<std::chrono::steady_clock::duration> period_;
  std::chrono::steady_clock::time_point told_{};
};

}  // namespace proctor
