#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "agent/http/tls_contexts.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace proctor {

/// Carries connections of a listening socket, encrypted ones too, to an HTTP server on a port of the loopback: Debian's
/// civetweb has no IPv6, and its TLS does not work with OpenSSL 3. Has threads of its own until it is destroyed.
class Relay {
 public:
  /// Without `tls` bytes are carried as they are. Errors: io_error.
  static Result<std::unique_ptr<Relay>> start(UniqueFd listening, std::uint16_t server_port,
                                              std::unique_ptr<TlsContexts> tls);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  /// Whether a connection that the server has got from this port of the loopback is one of ours.
  bool is_ours(int client_port) const;

 private:
  Relay(UniqueFd listening, std::uint16_t server_port, std::unique_ptr<TlsContexts> tls, UniqueFd stop)
      : listening_(std::move(listening)), server_port_(server_port), tls_(std::move(tls)), stop_(std::move(stop)) {}
  void work() const;
  void carry(UniqueFd client) const;
  UniqueFd connect_to_server() const;

  UniqueFd listening_;
  std::uint16_t server_port_;
  std::unique_ptr<TlsContexts> tls_;
  UniqueFd stop_;  // readable once all shall end
  mutable std::mutex mutex_;
  mutable std::set<std::uint16_t> ours_;
  std::vector<std::jthread> threads_;  // last: they end before what they use
};

}  // namespace proctor
