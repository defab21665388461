#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "collectors/sites/site.h"

namespace proctor {

enum class FdKind : std::uint8_t {
  file,
  directory,
  deleted_file,
  memfd,
  device,
  pipe,
  socket,
  eventfd,
  eventpoll,
  inotify,
  timerfd,
  signalfd,
  pidfd,
  userfaultfd,
  io_uring,
  bpf,
  perf_event,
  other
};

std::string_view to_string(FdKind kind);

/// One descriptor at one instant. fd + inode + kind is its identity.
struct FdSample {
  std::int32_t fd = 0;
  Inode inode{};  // 0 where the link names none
  FdKind kind{};
  std::uint32_t site = 0;  // kind and path class, or for a socket its protocol, state and end point
};

/// A socket held by the process.
struct SocketSample {
  Inode inode{};
  std::string protocol;  // tcp, tcp6, udp, udp6, unix, netlink, packet, raw, none
  std::string state;     // established, listen, close_wait, ...; "none" for one in no table of its namespace
  std::uint32_t site = 0;
  std::uint32_t waiting = 0;  // of one that listens by tcp: connections that were not accepted yet
};

struct FdSnapshot {
  std::uint64_t open = 0;              // exact, also where `fds` is a sample
  std::optional<std::uint64_t> limit;  // soft RLIMIT_NOFILE; absent where unlimited
  bool sampled = false;                // `fds` holds only some: above the cap
  std::vector<SiteRef> sites;          // shared by fds and sockets
  std::vector<FdSample> fds;
  std::vector<SocketSample> sockets;
  std::uint64_t vanished = 0;  // closed between listing and reading
};

}  // namespace proctor
