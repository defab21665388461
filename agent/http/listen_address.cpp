#include "agent/http/listen_address.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <memory>
#include <system_error>

namespace proctor {

Result<ListenAddress> parse_listen_address(const std::string& text) {
  const auto wrong = [&text](std::string_view why) {
    return fail(ErrorCode::invalid_argument, "listen address {}: {}", text, why);
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return wrong("write HOST:PORT or :PORT");
  ListenAddress address{.host = text.substr(0, colon)};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, address.port);
  if (error != std::errc{} || stop != end) return wrong("the port is a number from 0 to 65535");
  const bool in_brackets = address.host.size() > 2 && address.host.starts_with('[') && address.host.ends_with(']');
  if (in_brackets) address.host = address.host.substr(1, address.host.size() - 2);
  if (in_brackets != address.is_ipv6()) return wrong("an IPv6 address, and no other, stands in brackets: [::1]:10117");
  if (address.host.find_first_of(", []/") != std::string::npos) return wrong("the host is a name or an address");
  return address;
}

std::string to_string(const ListenAddress& address) {
  if (address.is_ipv6()) return fmt::format("[{}]:{}", address.host, address.port);
  return fmt::format("{}:{}", address.host, address.port);
}

Result<UniqueFd> listen_on(const ListenAddress& address, IpVersions versions) {
  const auto failed = [&address](ErrorCode code, std::string_view why) {
    return fail(code, "cannot listen on {}: {}", to_string(address), why);
  };
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE;
  hints.ai_family = versions == IpVersions::v4 ? AF_INET : AF_INET6;
  if (!address.host.empty() && versions == IpVersions::any) hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const char* host = address.host.empty() ? nullptr : address.host.c_str();
  if (const int error = getaddrinfo(host, fmt::to_string(address.port).c_str(), &hints, &found); error != 0) {
    return failed(ErrorCode::io_error, gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner{found, freeaddrinfo};
  UniqueFd socket{::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  const auto no_such_addresses = [] { return errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL; };
  const auto refused = [&] {
    const ErrorCode code = no_such_addresses() ? ErrorCode::not_supported : ErrorCode::io_error;
    return failed(code, std::generic_category().message(errno));
  };
  if (!socket.valid()) return refused();
  const int on = 1;
  const int only_v6 = versions == IpVersions::any ? 0 : 1;
  setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (found->ai_family == AF_INET6) setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &only_v6, sizeof(only_v6));
  if (::bind(socket.get(), found->ai_addr, found->ai_addrlen) != 0) return refused();
  if (::listen(socket.get(), SOMAXCONN) != 0) return refused();
  return socket;
}

std::uint16_t port_of(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  if (address.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port);
  return address.ss_family == AF_INET ? ntohs(reinterpret_cast<const sockaddr_in*>(&address)->sin_port) : 0;
}

}  // namespace proctor
