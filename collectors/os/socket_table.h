#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "base/units.h"
#include "collectors/os/proc_root.h"

namespace proctor {

/// A socket as its network namespace lists it.
struct SocketEntry {
  std::string_view protocol;  // tcp, tcp6, udp, udp6, unix, netlink, packet, raw, raw6
  std::string_view state;     // established, listen, close_wait, ...; unconnected for what has no connection
  std::uint16_t local_port = 0;
  std::uint16_t remote_port = 0;
  std::uint32_t waiting = 0;   // of one that listens by tcp: connections that were not accepted yet
  std::string remote_address;  // of tcp and udp, "127.0.0.1"; empty without a peer
  std::string path;            // of a unix socket; abstract ones begin with '@'
  std::string peer_path;       // of the unix socket that it is connected with; known in our own network namespace
};

using SocketTable = std::unordered_map<Inode, SocketEntry>;

/// Every socket of the network namespace of a process. Entries without an inode (orphans, time_wait) are left out.
Result<SocketTable> read_socket_table(const ProcDir& process);

/// The rows of one file of /proc/PID/net, added to `table`.
void parse_inet_sockets(std::string_view text, std::string_view protocol, SocketTable& table);
void parse_unix_sockets(std::string_view text, SocketTable& table);
/// Takes the paths of the sockets that unix sockets of the table are connected with.
void add_peer_paths(const std::unordered_map<Inode, Inode>& peers, SocketTable& table);

}  // namespace proctor
