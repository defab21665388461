#pragma once

#include <string>
#include <string_view>

#include "collectors/observation/fd_snapshot.h"

namespace proctor {

/// What the link of a descriptor says: "socket:[4711]", "anon_inode:[eventpoll]", "/var/log/a (deleted)".
struct FdLink {
  FdKind kind{};
  Inode inode{};           // of sockets, pipes and the like; 0 where the link names none
  std::string path_class;  // of files and devices: the path with its numbers folded
};

FdLink parse_fd_link(std::string_view text);

}  // namespace proctor
