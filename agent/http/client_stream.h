#pragma once

#include <openssl/ssl.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>

#include "base/unique_fd.h"

namespace proctor {

/// Waits on one descriptor until it is ready, a time is over, or everything shall end.
struct Patience {
  int stop = -1;  // readable once everything shall end
  std::chrono::steady_clock::time_point until;

  /// False where the wait is over without it.
  bool await(int fd, short events) const;
};

/// The bytes of one client, encrypted or not. Its socket does not block. Of one thread.
class ClientStream {
 public:
  /// Without `context` the bytes are as they are.
  ClientStream(UniqueFd socket, std::shared_ptr<SSL_CTX> context);

  /// Agrees on keys, where it is encrypted.
  bool begin(const Patience& patience);
  /// How many bytes came; 0 at the end or after an error, nothing where none has come yet.
  std::optional<std::size_t> read(std::span<std::byte> into);
  bool write(std::span<const std::byte> bytes, const Patience& patience);
  /// Tells the client that there is no more.
  void end(const Patience& patience);
  /// Whether bytes can be read at once that stand in no socket any more. Not so for a part of an encrypted record.
  bool has_pending() const { return tls_ && SSL_pending(tls_.get()) > 0; }
  int socket() const { return socket_.get(); }

 private:
  template <typename Call>
  bool finish(Call call, const Patience& patience);

  UniqueFd socket_;
  std::shared_ptr<SSL_CTX> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> tls_{nullptr, SSL_free};
};

/// Writes all of it to a socket that does not block.
bool write_all(int socket, std::span<const std::byte> bytes, const Patience& patience);

}  // namespace proctor
