#include "agent/http/client_stream.h"

#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>

namespace proctor {
namespace {

using std::chrono::milliseconds;

int as_int(std::size_t size) { return static_cast<int>(std::min<std::size_t>(size, INT_MAX)); }

}  // namespace

bool Patience::await(int fd, short events) const {
  std::array<pollfd, 2> waits{
      {{.fd = fd, .events = events, .revents = 0}, {.fd = stop, .events = POLLIN, .revents = 0}}};
  while (true) {
    const auto left = std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now());
    if (left <= milliseconds{0}) return false;
    const int ready = ::poll(waits.data(), waits.size(), static_cast<int>(left.count()));
    if (ready < 0 && errno != EINTR) return false;
    if (waits[1].revents != 0) return false;
    if (ready > 0) return true;
  }
}

bool write_all(int socket, std::span<const std::byte> bytes, const Patience& patience) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
    } else if (errno != EINTR && (errno != EAGAIN || !patience.await(socket, POLLOUT))) {
      return false;
    }
  }
  return true;
}

ClientStream::ClientStream(UniqueFd socket, std::shared_ptr<SSL_CTX> context)
    : socket_(std::move(socket)), context_(std::move(context)) {
  if (!context_) return;
  tls_.reset(SSL_new(context_.get()));
  if (tls_) SSL_set_fd(tls_.get(), socket_.get());
}

/// Calls until it has succeeded, waiting for what it says that it needs.
template <typename Call>
bool ClientStream::finish(Call call, const Patience& patience) {
  while (true) {
    ERR_clear_error();
    const int result = call();
    if (result > 0) return true;
    const int needs = SSL_get_error(tls_.get(), result);
    if (needs != SSL_ERROR_WANT_READ && needs != SSL_ERROR_WANT_WRITE) return false;
    if (!patience.await(socket(), needs == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT)) return false;
  }
}

bool ClientStream::begin(const Patience& patience) {
  if (!context_) return true;
  return tls_ && finish([this] { return SSL_accept(tls_.get()); }, patience);
}

std::optional<std::size_t> ClientStream::read(std::span<std::byte> into) {
  if (!tls_) {
    const ssize_t got = ::recv(socket(), into.data(), into.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
    return got > 0 ? static_cast<std::size_t>(got) : 0;
  }
  ERR_clear_error();
  const int got = SSL_read(tls_.get(), into.data(), as_int(into.size()));
  if (got > 0) return static_cast<std::size_t>(got);
  // What came may have been of the protocol alone.
  if (SSL_get_error(tls_.get(), got) == SSL_ERROR_WANT_READ) return std::nullopt;
  return 0;
}

bool ClientStream::write(std::span<const std::byte> bytes, const Patience& patience) {
  if (!tls_) return write_all(socket(), bytes, patience);
  if (bytes.empty()) return true;
  return finish([&] { return SSL_write(tls_.get(), bytes.data(), as_int(bytes.size())); }, patience);
}

void ClientStream::end(const Patience& patience) {
  if (tls_) finish([this] { return SSL_shutdown(tls_.get()) < 0 ? -1 : 1; }, patience);
  ::shutdown(socket(), SHUT_WR);
}

}  // namespace proctor
