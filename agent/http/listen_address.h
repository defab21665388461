#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace proctor {

/// Where to listen: ":10117", "127.0.0.1:10117", "host:10117", "[::1]:10117".
struct ListenAddress {
  std::string host;  // without brackets; empty: every address of the machine
  std::uint16_t port = 0;

  bool is_ipv6() const { return host.find(':') != std::string::npos; }
};

std::string to_string(const ListenAddress& address);

/// Errors: invalid_argument, with the text and what is wrong with it.
Result<ListenAddress> parse_listen_address(const std::string& text);

enum class IpVersions : std::uint8_t { v4, v6, any };

/// A socket that listens there; with `any` and no host on all addresses of both versions. Errors: io_error, with the
/// address and the reason; not_supported where this machine has no such addresses.
Result<UniqueFd> listen_on(const ListenAddress& address, IpVersions versions);

/// The port that a socket is bound to; 0 for none.
std::uint16_t port_of(int socket);

}  // namespace proctor
