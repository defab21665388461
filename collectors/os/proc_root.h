#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"

namespace proctor {

/// One process, held by an open /proc/PID directory: after its end every read says target_gone, and a new
/// process with the same number is never read by mistake.
class ProcDir {
 public:
  ProcDir(Pid pid, UniqueFd directory) : ProcDir(pid, pid, std::move(directory)) {}
  /// Read through the thread of another number, where the first one has ended.
  ProcDir(Pid pid, Pid reached_as, UniqueFd directory)
      : pid_(pid), reached_as_(reached_as), directory_(std::move(directory)) {}

  Pid pid() const { return pid_; }
  /// The number that a system call on its memory takes: that of a thread which has not ended.
  Pid reached_as() const { return reached_as_; }

  /// The whole of a file of this process, at most `limit` bytes (limit_reached above).
  /// `name` is relative: "stat", "task/17/syscall".
  Result<std::string> read_file(const char* name, std::size_t limit = std::size_t{16} << 20) const;
  /// A file that the kernel writes in one piece of less than a page, as "stat" and "task/17/syscall" are: without the
  /// second read that finds the end of a longer one.
  Result<std::string> read_record(const char* name) const;
  /// The text of a link of any length: "exe", "fd/3", "ns/net".
  Result<std::string> read_link(const char* name) const;
  /// Opens read-only: the executable through "exe", a mapped file through "map_files/...".
  Result<UniqueFd> open_file(const char* name, int flags = 0) const;
  /// The numbers that name the entries of "task" or "fd", ascending.
  Result<std::vector<std::int32_t>> list_numbers(const char* name) const;
  /// st_size of an entry: the number of open descriptors for "fd" since Linux 6.2, 0 before.
  Result<std::uint64_t> size_of(const char* name) const;
  /// How many entries that are directories it holds: the number of threads for "task".
  Result<std::uint64_t> count_directories(const char* name) const;
  /// Whether a number of this procfs means the same process to a system call of ours: not so for a procfs of another
  /// PID namespace, such as a host's mounted into a container.
  Result<bool> has_our_numbers() const;
  int directory_fd() const { return directory_.get(); }

 private:
  Pid pid_;
  Pid reached_as_;
  UniqueFd directory_;
};

/// A procfs: "/proc", a host's mounted elsewhere, or a captured tree in a test.
class ProcRoot {
 public:
  static Result<ProcRoot> open(const std::filesystem::path& root);

  /// Every process number there is now, ascending.
  Result<std::vector<Pid>> list_processes() const;
  /// One whose first thread has ended while others go on is read through one of these, as nothing of it stands in its
  /// own folder any more; after the end of that thread it has to be opened anew. target_gone where there is none of
  /// that number.
  Result<ProcDir> open_process(Pid pid) const;
  /// A file of the root itself: "stat", "sys/vm/max_map_count".
  Result<std::string> read_file(const char* name) const;
  /// The text of a link of the root itself: "self".
  Result<std::string> read_link(const char* name) const;
  const std::filesystem::path& path() const { return path_; }

 private:
  Result<UniqueFd> open_folder(Pid pid) const;
  ProcRoot(std::filesystem::path path, UniqueFd directory) : path_(std::move(path)), directory_(std::move(directory)) {}
  std::filesystem::path path_;
  UniqueFd directory_;
};

}  // namespace proctor
