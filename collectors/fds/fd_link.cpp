#include "collectors/fds/fd_link.h"

#include <array>
#include <charconv>

#include "base/text.h"

namespace proctor {
namespace {

constexpr std::string_view kDeleted = " (deleted)";

/// The number in "[4711]" at the end.
Inode inode_in(std::string_view text) {
  std::uint64_t value = 0;
  const std::size_t at = text.rfind('[');
  if (at != std::string_view::npos) std::from_chars(text.data() + at + 1, text.data() + text.size(), value);
  return Inode{value};
}

struct Named {
  std::string_view name;
  FdKind kind;
};
constexpr auto kAnonymousInodes = std::to_array<Named>({{"[eventfd]", FdKind::eventfd},
                                                        {"[eventpoll]", FdKind::eventpoll},
                                                        {"inotify", FdKind::inotify},
                                                        {"[timerfd]", FdKind::timerfd},
                                                        {"[signalfd]", FdKind::signalfd},
                                                        {"[pidfd]", FdKind::pidfd},
                                                        {"[userfaultfd]", FdKind::userfaultfd},
                                                        {"[io_uring]", FdKind::io_uring},
                                                        {"bpf", FdKind::bpf},
                                                        {"[perf_event]", FdKind::perf_event}});

FdKind kind_of_anonymous_inode(std::string_view name) {
  for (const Named& known : kAnonymousInodes) {
    if (name.starts_with(known.name)) return known.kind;
  }
  return FdKind::other;
}

}  // namespace

FdLink parse_fd_link(std::string_view text) {
  constexpr std::string_view kAnonymous = "anon_inode:";
  if (text.starts_with("socket:[")) return {.kind = FdKind::socket, .inode = inode_in(text), .path_class = {}};
  if (text.starts_with("pipe:[")) return {.kind = FdKind::pipe, .inode = inode_in(text), .path_class = {}};
  if (text.starts_with(kAnonymous)) {
    return {.kind = kind_of_anonymous_inode(text.substr(kAnonymous.size())), .inode = {}, .path_class = {}};
  }
  if (text.starts_with("pidfd:[")) return {.kind = FdKind::pidfd, .inode = inode_in(text), .path_class = {}};
  if (!text.starts_with('/')) return {.kind = FdKind::other, .inode = inode_in(text), .path_class = {}};
  FdLink link{.kind = FdKind::file, .inode = {}, .path_class = {}};
  if (text.ends_with(kDeleted)) {
    text.remove_suffix(kDeleted.size());
    link.kind = FdKind::deleted_file;
  }
  if (text.starts_with("/memfd:")) link.kind = FdKind::memfd;
  if (text.starts_with("/dev/") && !text.starts_with("/dev/shm/")) link.kind = FdKind::device;
  link.path_class = fold_numbers(to_valid_utf8(text));
  return link;
}

}  // namespace proctor
