#pragma once

#include <filesystem>
#include <optional>

#include "base/result.h"
#include "base/unique_fd.h"

namespace proctor {

/// The folder of what outlives the agent, kept from any other agent for as long as this is there.
class StorageFolder {
 public:
  /// Makes the folder where it is missing. Errors: limit_reached where another agent has it; those of the file system.
  static Result<StorageFolder> open(const std::filesystem::path& path);

  std::filesystem::path state_file() const { return path_ / "state"; }
  /// Puts a state file that cannot be read aside, and tells where; nothing where that is not possible.
  std::optional<std::filesystem::path> set_state_aside() const;

 private:
  StorageFolder(std::filesystem::path path, UniqueFd lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  std::filesystem::path path_;
  UniqueFd lock_;
};

}  // namespace proctor
