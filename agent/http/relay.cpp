#include "agent/http/relay.h"

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <exception>

#include "agent/http/client_stream.h"
#include "agent/http/listen_address.h"

namespace proctor {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kThreads = 8;
constexpr auto kHandshakeLimit = 5s;
constexpr auto kConnectionLimit = 60s;
constexpr int kPauseWithoutDescriptors = 100;  // milliseconds

Patience for_at_most(int stop, std::chrono::seconds limit) {
  return {.stop = stop, .until = std::chrono::steady_clock::now() + limit};
}

/// Bytes to and fro until the server has said all.
void pump(ClientStream& client, int server, const Patience& patience) {
  std::array<std::byte, std::size_t{64} * 1024> buffer{};
  bool client_sends = true;
  while (true) {
    std::array<pollfd, 3> waits{{{.fd = client_sends ? client.socket() : -1, .events = POLLIN, .revents = 0},
                                 {.fd = server, .events = POLLIN, .revents = 0},
                                 {.fd = patience.stop, .events = POLLIN, .revents = 0}}};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(patience.until - std::chrono::steady_clock::now());
    const bool pending = client_sends && client.has_pending();
    const int ready = ::poll(waits.data(), waits.size(), pending ? 0 : static_cast<int>(std::max(left, 0ms).count()));
    if (ready < 0 && errno == EINTR) continue;
    if ((ready <= 0 && !pending) || waits[2].revents != 0) return;
    if (pending || waits[0].revents != 0) {
      const auto got = client.read(buffer);
      if (got == 0U) {
        client_sends = false;
        ::shutdown(server, SHUT_WR);
      } else if (got && !write_all(server, std::span{buffer}.first(*got), patience)) {
        return;
      }
    }
    if (waits[1].revents == 0) continue;
    const ssize_t got = ::recv(server, buffer.data(), buffer.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got <= 0) return client.end(patience);
    if (!client.write(std::span{buffer}.first(static_cast<std::size_t>(got)), patience)) return;
  }
}

}  // namespace

Result<std::unique_ptr<Relay>> Relay::start(UniqueFd listening, std::uint16_t server_port,
                                            std::unique_ptr<TlsContexts> tls) {
  UniqueFd stop{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  if (!stop.valid()) return fail_errno(errno, "eventfd");
  std::unique_ptr<Relay> relay{new Relay{std::move(listening), server_port, std::move(tls), std::move(stop)}};
  // A client that is gone is an error of a write, here too where the library writes.
  sigset_t broken_pipe;
  sigset_t before;
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &broken_pipe, &before);
  for (std::size_t i = 0; i < kThreads; ++i) {
    relay->threads_.emplace_back([ours = relay.get()] { ours->work(); });
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return relay;
}

Relay::~Relay() {
  const std::uint64_t one = 1;
  while (::write(stop_.get(), &one, sizeof(one)) < 0 && errno == EINTR) {
  }
}

bool Relay::is_ours(int client_port) const {
  const std::scoped_lock lock{mutex_};
  return ours_.contains(static_cast<std::uint16_t>(client_port));
}

void Relay::work() const {
  std::array<pollfd, 2> waits{
      {{.fd = listening_.get(), .events = POLLIN, .revents = 0}, {.fd = stop_.get(), .events = POLLIN, .revents = 0}}};
  while (::poll(waits.data(), waits.size(), -1) >= 0 || errno == EINTR) {
    if (waits[1].revents != 0) return;
    UniqueFd client{::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    if (client.valid()) {
      try {
        carry(std::move(client));
      } catch (const std::exception&) {  // no memory for this connection: it is closed
      }
    } else if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR) {
      ::poll(&waits[1], 1, kPauseWithoutDescriptors);  // it would be as ready at once
    }
  }
}

UniqueFd Relay::connect_to_server() const {
  UniqueFd server{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(server_port_);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int done = ::connect(server.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  if (done == 0) return server;
  if (errno != EINPROGRESS || !for_at_most(stop_.get(), kHandshakeLimit).await(server.get(), POLLOUT)) return {};
  return server;
}

void Relay::carry(UniqueFd client_socket) const {
  ClientStream client{std::move(client_socket), tls_ ? tls_->current() : nullptr};
  if (!client.begin(for_at_most(stop_.get(), kHandshakeLimit))) return;
  const UniqueFd server = connect_to_server();
  if (!server.valid()) return;
  const std::uint16_t port = port_of(server.get());
  {
    const std::scoped_lock lock{mutex_};
    ours_.insert(port);
  }
  pump(client, server.get(), for_at_most(stop_.get(), kConnectionLimit));
  const std::scoped_lock lock{mutex_};
  ours_.erase(port);
}

}  // namespace proctor
