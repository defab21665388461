#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/http/routes.h"
#include "base/result.h"
#include "config/tls_config.h"

namespace proctor {

struct ServerOptions : RouteOptions {
  /// ":10117" (every address of the machine), "127.0.0.1:10117", "[::1]:10117"; port 0 takes a free one.
  std::vector<std::string> listen_addresses{":10117"};
  std::optional<TlsConfig> tls;  // absent: plain HTTP
};

/// Serves HTTP from threads of its own until it is destroyed. Answers come from the last Publication, so none waits
/// on a target. Each connection carries one request: an idle client holds no thread.
class Server {
 public:
  /// Errors: invalid_argument for an address that is none or a telemetry path without a leading slash, io_error for
  /// one that cannot be listened on. The message names the address, or the file of a certificate that is none.
  static Result<Server> start(const ServerOptions& options);

  Server(Server&& other) noexcept;
  Server& operator=(Server&& other) noexcept;
  ~Server();

  /// As asked for, with the real port in place of 0.
  const std::vector<std::string>& addresses() const;

 private:
  struct Listeners;
  explicit Server(std::unique_ptr<Listeners> listeners);

  std::unique_ptr<Listeners> listeners_;
};

}  // namespace proctor
