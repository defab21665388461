#include "agent/http/server.h"

#include <civetweb.h>
#include <netdb.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <exception>
#include <system_error>
#include <utility>

#include "base/unique_fd.h"

namespace proctor {
namespace {

/// What the callbacks of one civetweb context see.
struct Listener {
  RouteOptions routes;
  mg_context* context = nullptr;
};

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200: return "OK";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 503: return "Service Unavailable";
    default: return "Internal Server Error";
  }
}

using Headers = std::map<std::string, std::string>;

std::string head_of(const HttpResponse& response, const Headers& own) {
  std::string head =
      fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n", response.status,
                  reason_phrase(response.status), response.content_type, response.bytes().size());
  if (response.gzip) head += "Content-Encoding: gzip\r\n";
  if (!response.allow.empty()) head += fmt::format("Allow: {}\r\n", response.allow);
  if (response.status == 401) head += "WWW-Authenticate: Basic\r\n";
  head += "Vary: Accept-Encoding\r\n";
  Headers headers{{"Cache-Control", "no-store"},
                  {"X-Content-Type-Options", "nosniff"},
                  {"Content-Security-Policy",
                   "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; "
                   "form-action 'none'; frame-ancestors 'none'"}};
  for (const auto& [name, text] : own) headers[name] = text;
  for (const auto& [name, text] : headers) head += fmt::format("{}: {}\r\n", name, text);
  return head + "\r\n";
}

void send(mg_connection* connection, const HttpResponse& response, const Headers& own, bool with_body) {
  const std::string head = head_of(response, own);
  if (mg_write(connection, head.data(), head.size()) <= 0 || !with_body) return;
  constexpr std::size_t kPiece = 1U << 20;
  for (std::string_view left = response.bytes(); !left.empty();) {
    const std::string_view piece = left.substr(0, kPiece);
    if (mg_write(connection, piece.data(), piece.size()) <= 0) return;
    left.remove_prefix(piece.size());
  }
}

std::string_view text_or_empty(const char* text) { return text == nullptr ? std::string_view{} : text; }

/// Answers everything, so that civetweb itself looks for no file. No exception may reach its C code.
int begin_request(mg_connection* connection) noexcept {
  const mg_request_info* info = mg_get_request_info(connection);
  const auto* listener = static_cast<const Listener*>(info->user_data);
  HttpResponse response;
  try {
    const HttpRequest request{.method = text_or_empty(info->request_method),
                              .path = text_or_empty(info->local_uri),
                              .query = text_or_empty(info->query_string),
                              .accept_encoding = text_or_empty(mg_get_header(connection, "Accept-Encoding")),
                              .authorization = text_or_empty(mg_get_header(connection, "Authorization"))};
    try {
      response = respond(request, listener->routes);
    } catch (const std::exception& error) {
      response = {.status = 500, .body = fmt::format("proctor failed: {}\n", error.what())};
    }
    send(connection, response, listener->routes.headers, request.method != "HEAD");
  } catch (const std::exception&) {
    return 500;  // no memory for an answer: the connection is closed
  }
  return response.status;
}

/// civetweb writes no log of its own.
int drop_log(const mg_connection*, const char*) noexcept { return 1; }

struct ListenAddress {
  std::string host;  // empty: every address
  std::uint16_t port = 0;
};

Result<ListenAddress> parse_address(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) {
    return fail(ErrorCode::invalid_argument, "listen address {}: write HOST:PORT or :PORT", text);
  }
  ListenAddress address{.host = text.substr(0, colon)};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, address.port);
  if (error != std::errc{} || stop != end) {
    return fail(ErrorCode::invalid_argument, "listen address {}: the port is a number from 0 to 65535", text);
  }
  // civetweb reads commas as further addresses, and "s" or "r" after a port as TLS.
  if (address.host.find_first_of(", []/") != std::string::npos || address.host.find(':') != std::string::npos) {
    return fail(ErrorCode::invalid_argument, "listen address {}: only names and IPv4 addresses can be listened on",
                text);
  }
  return address;
}

/// The reason why an address cannot be listened on, which civetweb does not tell: what the same steps give here.
std::string why_not(const ListenAddress& address) {
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE;
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const char* host = address.host.empty() ? nullptr : address.host.c_str();
  if (const int error = getaddrinfo(host, fmt::to_string(address.port).c_str(), &hints, &found); error != 0) {
    return gai_strerror(error);
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner{found, freeaddrinfo};
  const UniqueFd probe{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  const int on = 1;
  setsockopt(probe.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (::bind(probe.get(), found->ai_addr, found->ai_addrlen) != 0 || ::listen(probe.get(), 1) != 0) {
    return std::generic_category().message(errno);
  }
  return "the server did not start";
}

/// Starts the listener and gives its address with the real port.
Result<std::string> start_listener(Listener& listener, const std::string& text) {
  const ListenAddress address = PROCTOR_TRY(parse_address(text));
  const std::string ports =
      address.host.empty() ? fmt::to_string(address.port) : fmt::format("{}:{}", address.host, address.port);
  std::array<const char*, 11> options{"listening_ports",
                                      ports.c_str(),
                                      "num_threads",
                                      "8",
                                      "enable_keep_alive",
                                      "no",
                                      "request_timeout_ms",
                                      "5000",
                                      "enable_directory_listing",
                                      "no",
                                      nullptr};
  mg_callbacks callbacks{};
  callbacks.begin_request = begin_request;
  callbacks.log_message = drop_log;
  mg_init_data start{.callbacks = &callbacks, .user_data = &listener, .configuration_options = options.data()};
  listener.context = mg_start2(&start, nullptr);
  if (listener.context == nullptr) {
    return fail(ErrorCode::io_error, "cannot listen on {}: {}", text, why_not(address));
  }
  mg_server_port port{};
  if (mg_get_server_ports(listener.context, 1, &port) != 1) {
    return fail(ErrorCode::io_error, "cannot listen on {}: it has no port", text);
  }
  return fmt::format("{}:{}", address.host, port.port);
}

}  // namespace

struct Server::Listeners {
  std::vector<std::unique_ptr<Listener>> all;
  std::vector<std::string> addresses;

  Listeners() { mg_init_library(0); }
  Listeners(const Listeners&) = delete;
  Listeners& operator=(const Listeners&) = delete;
  ~Listeners() {
    for (const auto& listener : all) {
      if (listener->context != nullptr) mg_stop(listener->context);
    }
    mg_exit_library();
  }
};

Server::Server(std::unique_ptr<Listeners> listeners) : listeners_(std::move(listeners)) {}
Server::Server(Server&& other) noexcept = default;
Server& Server::operator=(Server&& other) noexcept = default;
Server::~Server() = default;

const std::vector<std::string>& Server::addresses() const { return listeners_->addresses; }

Result<Server> Server::start(const ServerOptions& options) {
  if (!options.telemetry_path.starts_with('/')) {
    return fail(ErrorCode::invalid_argument, "telemetry path {}: it begins with /", options.telemetry_path);
  }
  auto listeners = std::make_unique<Listeners>();
  for (const std::string& address : options.listen_addresses) {
    auto& listener = listeners->all.emplace_back(std::make_unique<Listener>());
    listener->routes = options;
    listeners->addresses.push_back(PROCTOR_TRY(start_listener(*listener, address)));
  }
  return Server{std::move(listeners)};
}

}  // namespace proctor
