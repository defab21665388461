#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "base/result.h"
#include "config/tls_config.h"

namespace proctor {

/// The certificate and key that connections are encrypted with. Files that have changed are read again, so that a
/// renewed certificate is served without a reload; while they do not fit together, the last ones that did are. Any
/// thread may ask it.
class TlsContexts {
 public:
  /// Errors: invalid_argument, with the file and what is wrong with it.
  static Result<std::unique_ptr<TlsContexts>> open(const TlsConfig& config);

  /// For the next connection.
  std::shared_ptr<SSL_CTX> current();

 private:
  struct FileState {
    std::uint64_t inode = 0;
    std::int64_t changed_seconds = 0;
    std::int64_t changed_nanoseconds = 0;
    std::int64_t size = 0;
    friend bool operator==(const FileState&, const FileState&) = default;
  };

  explicit TlsContexts(TlsConfig config) : config_(std::move(config)) {}
  std::vector<FileState> files() const;

  const TlsConfig config_;
  std::mutex mutex_;
  std::vector<FileState> read_;  // as they were when `context_` was made of them, or tried to be
  std::shared_ptr<SSL_CTX> context_;
};

}  // namespace proctor
