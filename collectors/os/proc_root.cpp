#include "collectors/os/proc_root.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <string>

#include "collectors/os/proc_stat.h"

namespace proctor {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

/// Reads a file that the kernel makes up as it is read: its size is not known before its end.
Result<std::string> read_whole(int fd, const char* name, std::size_t limit) {
  std::string text;
  std::array<char, 4096> buffer;
  while (true) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(errno, "read {}", name);
    if (got == 0) return text;
    if (text.size() + static_cast<std::size_t>(got) > limit) {
      return fail(ErrorCode::limit_reached, "{} is longer than {} bytes", name, limit);
    }
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

Result<std::vector<std::int32_t>> list_numbers_at(int directory, const char* name) {
  const int fd = ::openat(directory, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return fail_errno(errno, "open {}", name);
  const std::unique_ptr<DIR, CloseDirectory> entries{::fdopendir(fd)};
  if (!entries) return fail_errno(errno, "list {}", name);
  std::vector<std::int32_t> numbers;
  errno = 0;
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string_view text{entry->d_name};
    std::int32_t value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    if (parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size()) numbers.push_back(value);
  }
  if (errno != 0) return fail_errno(errno, "list {}", name);
  std::ranges::sort(numbers);
  return numbers;
}

Result<std::string> read_link_at(int directory, const char* name) {
  std::string text(256, '\0');
  while (true) {
    const ssize_t length = ::readlinkat(directory, name, text.data(), text.size());
    if (length < 0) return fail_errno(errno, "readlink {}", name);
    if (static_cast<std::size_t>(length) < text.size()) {
      text.resize(static_cast<std::size_t>(length));
      return text;
    }
    text.resize(text.size() * 2);
  }
}

}  // namespace

Result<UniqueFd> ProcDir::open_file(const char* name, int flags) const {
  UniqueFd file{::openat(directory_.get(), name, O_RDONLY | O_CLOEXEC | flags)};
  if (file.valid()) return file;
  const int error = errno;
  // A held directory of an ended process answers ENOENT or ESRCH for every name; a living one still has "stat".
  if (error == ENOENT && ::faccessat(directory_.get(), "stat", F_OK, 0) != 0) {
    return fail(ErrorCode::target_gone, "process {} has ended", number(pid_));
  }
  return fail_errno(error, "open /proc/{}/{}", number(pid_), name);
}

Result<std::string> ProcDir::read_file(const char* name, std::size_t limit) const {
  const UniqueFd file = PROCTOR_TRY(open_file(name));
  return read_whole(file.get(), name, limit);
}

Result<std::string> ProcDir::read_record(const char* name) const {
  const UniqueFd file = PROCTOR_TRY(open_file(name));
  std::array<char, 4096> buffer;
  ssize_t got = 0;
  do {
    got = ::read(file.get(), buffer.data(), buffer.size());
  } while (got < 0 && errno == EINTR);
  if (got < 0) return fail_errno(errno, "read {}", name);
  return std::string(buffer.data(), static_cast<std::size_t>(got));
}

Result<std::string> ProcDir::read_link(const char* name) const { return read_link_at(directory_.get(), name); }

Result<std::vector<std::int32_t>> ProcDir::list_numbers(const char* name) const {
  return list_numbers_at(directory_.get(), name);
}

Result<std::uint64_t> ProcDir::size_of(const char* name) const {
  struct stat status {};
  if (::fstatat(directory_.get(), name, &status, 0) != 0) {
    return fail_errno(errno, "stat /proc/{}/{}", number(pid_), name);
  }
  return static_cast<std::uint64_t>(status.st_size);
}

Result<std::uint64_t> ProcDir::count_directories(const char* name) const {
  struct stat status {};
  if (::fstatat(directory_.get(), name, &status, 0) != 0) {
    return fail_errno(errno, "stat /proc/{}/{}", number(pid_), name);
  }
  return status.st_nlink >= 2 ? status.st_nlink - 2 : 0;  // but "." and ".."
}

Result<bool> ProcDir::has_our_numbers() const {
  const std::string self = PROCTOR_TRY(read_link("../self"));
  return self == std::to_string(::getpid());
}

Result<ProcRoot> ProcRoot::open(const std::filesystem::path& root) {
  UniqueFd directory{::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!directory.valid()) return fail_errno(errno, "open {}", root.string());
  return ProcRoot{root, std::move(directory)};
}

Result<std::vector<Pid>> ProcRoot::list_processes() const {
  const std::vector<std::int32_t> numbers = PROCTOR_TRY(list_numbers_at(directory_.get(), "."));
  std::vector<Pid> processes;
  processes.reserve(numbers.size());
  for (const std::int32_t value : numbers) processes.push_back(Pid{value});
  return processes;
}

Result<UniqueFd> ProcRoot::open_folder(Pid pid) const {
  const std::string name = std::to_string(number(pid));
  UniqueFd directory{::openat(directory_.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (directory.valid()) return directory;
  if (errno == ENOENT || errno == ESRCH) return fail(ErrorCode::target_gone, "there is no process {}", number(pid));
  return fail_errno(errno, "open /proc/{}", number(pid));
}

Result<ProcDir> ProcRoot::open_process(Pid pid) const {
  ProcDir process{pid, PROCTOR_TRY(open_folder(pid))};
  const auto stat = read_proc_stat(process);
  if (!stat || stat->state != 'Z' || stat->is_zombie()) return process;
  const auto threads = process.list_numbers("task");
  for (const std::int32_t thread : threads ? *threads : std::vector<std::int32_t>{}) {
    const auto state = read_thread_stat(process, Tid{thread});
    if (!state || state->state == 'Z' || state->state == 'X') continue;
    // Threads have folders of their own beside those of processes, which are not listed.
    if (auto folder = open_folder(Pid{thread})) return ProcDir{pid, Pid{thread}, *std::move(folder)};
  }
  return process;
}

Result<std::string> ProcRoot::read_file(const char* name) const {
  const UniqueFd file{::openat(directory_.get(), name, O_RDONLY | O_CLOEXEC)};
  if (!file.valid()) return fail_errno(errno, "open {}", (path_ / name).string());
  return read_whole(file.get(), name, std::size_t{16} << 20);
}

Result<std::string> ProcRoot::read_link(const char* name) const { return read_link_at(directory_.get(), name); }

}  // namespace proctor
