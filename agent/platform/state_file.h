#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace proctor {

/// A file of pieces of bytes, each compressed and with a checksum. It is there as a whole or as it was before: what is
/// written goes to a file beside it, which takes its place in the end.
class StateFile {
 public:
  /// Begins to write. `format` is that of the pieces. Errors: those of the file system.
  static Result<StateFile> create(const std::filesystem::path& path, std::uint32_t format);
  StateFile(StateFile&& other) noexcept;
  StateFile& operator=(StateFile&&) = delete;
  /// What was not committed is removed.
  ~StateFile();

  Result<void> add(std::string_view piece);
  /// Puts the file, with all its pieces, where it belongs, safe from a loss of power.
  Result<void> commit();

  /// Gives each piece in turn, until one is refused. Errors: not_found; not_supported for another format; malformed for
  /// a file that is no such file, or is damaged: then some of its pieces may have been given; that of `take`.
  static Result<void> read(const std::filesystem::path& path, std::uint32_t format,
                           const std::function<Result<void>(std::string_view piece)>& take);

 private:
  StateFile(std::filesystem::path path, std::filesystem::path written, UniqueFd file);
  Result<void> write(std::string_view bytes);

  std::filesystem::path path_;
  std::filesystem::path written_;  // empty once it took its place
  UniqueFd file_;
};

}  // namespace proctor
