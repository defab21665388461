#include "agent/platform/storage_folder.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace proctor {

Result<StorageFolder> StorageFolder::open(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return fail_errno(error.value(), "{}", path.string());
  const std::filesystem::path lock_file = path / "lock";
  UniqueFd lock{::open(lock_file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  if (!lock.valid()) return fail_errno(errno, "{}", lock_file.string());
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return fail(ErrorCode::limit_reached, "{}: another proctor stores there", path.string());
  }
  return StorageFolder{path, std::move(lock)};
}

std::optional<std::filesystem::path> StorageFolder::set_state_aside() const {
  std::filesystem::path aside = state_file();
  aside += ".unreadable";
  std::error_code error;
  std::filesystem::rename(state_file(), aside, error);
  if (error) return std::nullopt;
  return aside;
}

}  // namespace proctor
