#include "agent/http/server.h"

#include <civetweb.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <exception>
#include <utility>

#include "agent/http/listen_address.h"
#include "agent/http/relay.h"

namespace proctor {
namespace {

/// What the callbacks of one civetweb context see.
struct Listener {
  RouteOptions routes;
  mg_context* context = nullptr;
  bool only_relayed = false;  // what comes from elsewhere is not answered
  std::unique_ptr<Relay> relay;
  std::atomic<const Relay*> running_relay{nullptr};  // requests may come before there is one

  void start_relay(std::unique_ptr<Relay> started) {
    relay = std::move(started);
    running_relay = relay.get();
  }
  bool answers(int client_port) const {
    const Relay* running = running_relay.load();
    return !only_relayed || (running != nullptr && running->is_ours(client_port));
  }
};

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
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
  if (!listener->answers(info->remote_port)) return 403;  // and the connection is closed
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
    const auto access = listener->routes.access ? listener->routes.access() : nullptr;
    send(connection, response, access ? access->headers : Headers{}, request.method != "HEAD");
  } catch (const std::exception&) {
    return 500;  // no memory for an answer: the connection is closed
  }
  return response.status;
}

/// civetweb writes no log of its own.
int drop_log(const mg_connection*, const char*) noexcept { return 1; }

/// Starts civetweb on an address of IPv4.
Result<void> start_civetweb(Listener& listener, const ListenAddress& address) {
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
  if (listener.context != nullptr) return {};
  // It does not tell why: what the same steps give here.
  PROCTOR_TRY(listen_on(address, IpVersions::v4));
  return fail(ErrorCode::io_error, "cannot listen on {}: the server did not start", ports);
}

Result<std::uint16_t> civetweb_port(const Listener& listener) {
  mg_server_port port{};
  if (mg_get_server_ports(listener.context, 1, &port) == 1) return static_cast<std::uint16_t>(port.port);
  return fail(ErrorCode::io_error, "the server has no port");
}

/// Listens where civetweb cannot, in front of one that answers nobody else. Gives the real port.
Result<std::uint16_t> start_behind_relay(Listener& listener, const ListenAddress& address,
                                         const std::optional<TlsConfig>& tls) {
  auto contexts = tls ? PROCTOR_TRY(TlsContexts::open(*tls)) : nullptr;
  auto socket = listen_on(address, IpVersions::any);
  if (!socket && socket.error().code == ErrorCode::not_supported && address.host.empty()) {
    socket = listen_on(address, IpVersions::v4);
  }
  UniqueFd listening = PROCTOR_TRY(std::move(socket));
  const std::uint16_t port = port_of(listening.get());
  listener.only_relayed = true;
  PROCTOR_TRY_VOID(start_civetweb(listener, {.host = "127.0.0.1", .port = 0}));
  const std::uint16_t behind = PROCTOR_TRY(civetweb_port(listener));
  listener.start_relay(PROCTOR_TRY(Relay::start(std::move(listening), behind, std::move(contexts))));
  return port;
}

/// Starts the listener and gives its address with the real port.
Result<std::string> start_listener(Listener& listener, const std::string& text, const std::optional<TlsConfig>& tls) {
  ListenAddress address = PROCTOR_TRY(parse_listen_address(text));
  if (tls || address.is_ipv6()) {
    address.port = PROCTOR_TRY(start_behind_relay(listener, address, tls));
    return to_string(address);
  }
  PROCTOR_TRY_VOID(start_civetweb(listener, address));
  address.port = PROCTOR_TRY(civetweb_port(listener));
  if (address.host.empty()) {
    auto ipv6 = listen_on(address, IpVersions::v6);
    if (!ipv6 && ipv6.error().code != ErrorCode::not_supported) return tl::unexpected(std::move(ipv6).error());
    if (ipv6) listener.start_relay(PROCTOR_TRY(Relay::start(*std::move(ipv6), address.port, nullptr)));
  }
  return to_string(address);
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
    listeners->addresses.push_back(PROCTOR_TRY(start_listener(*listener, address, options.tls)));
  }
  return Server{std::move(listeners)};
}

}  // namespace proctor
