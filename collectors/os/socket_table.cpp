#include "collectors/os/socket_table.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <vector>

#include "base/text.h"
#include "collectors/os/unix_peers.h"

namespace proctor {
namespace {

constexpr std::size_t kMaxTableBytes = std::size_t{256} << 20;

std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> fields;
  while (true) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    if (line.empty()) return fields;
    const std::size_t end = std::min(line.find(' '), line.size());
    fields.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

/// Calls `row` for each line after the heading.
template <typename Row>
void for_each_row(std::string_view text, Row&& row) {
  bool heading = true;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (!heading) row(text.substr(0, end));
    heading = false;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

template <typename Number>
std::optional<Number> number_in(std::string_view text, int base) {
  Number value{};
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string_view tcp_state(unsigned state) {
  constexpr std::array<std::string_view, 13> kStates{
      "unknown", "established", "syn_sent", "syn_recv", "fin_wait1", "fin_wait2",   "time_wait",
      "close",   "close_wait",  "last_ack", "listen",   "closing",   "new_syn_recv"};
  return state < kStates.size() ? kStates[state] : kStates[0];
}

struct Endpoint {
  std::string address;
  std::uint16_t port = 0;
  bool any = true;
};

/// "0100007F:1F90": each 32-bit word of the address as the host writes it.
std::optional<Endpoint> parse_endpoint(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon != 8 && colon != 32) return std::nullopt;
  const auto port = number_in<std::uint16_t>(text.substr(colon + 1), 16);
  if (!port) return std::nullopt;
  std::array<std::uint32_t, 4> words{};
  Endpoint endpoint{.address = {}, .port = *port};
  for (std::size_t i = 0; i < colon / 8; ++i) {
    const auto word = number_in<std::uint32_t>(text.substr(i * 8, 8), 16);
    if (!word) return std::nullopt;
    words[i] = *word;
    endpoint.any = endpoint.any && *word == 0;
  }
  std::array<char, INET6_ADDRSTRLEN> printed{};
  if (::inet_ntop(colon == 8 ? AF_INET : AF_INET6, words.data(), printed.data(), printed.size()) != nullptr) {
    endpoint.address = printed.data();
  }
  return endpoint;
}

}  // namespace

void parse_inet_sockets(std::string_view text, std::string_view protocol, SocketTable& table) {
  for_each_row(text, [&](std::string_view line) {
    const auto fields = fields_of(line);
    if (fields.size() < 10) return;
    const auto local = parse_endpoint(fields[1]);
    const auto remote = parse_endpoint(fields[2]);
    const auto state = number_in<unsigned>(fields[3], 16);
    const auto inode = number_in<std::uint64_t>(fields[9], 10);
    if (!local || !remote || !state || !inode || *inode == 0) return;
    SocketEntry entry{.protocol = protocol, .state = tcp_state(*state), .local_port = local->port};
    if (entry.state == "listen") {
      // "tx_queue:rx_queue"
      const std::size_t colon = fields[4].find(':');
      if (colon != std::string_view::npos) {
        entry.waiting = number_in<std::uint32_t>(fields[4].substr(colon + 1), 16).value_or(0);
      }
    }
    if (!protocol.starts_with("tcp")) entry.state = *state == 1 ? "established" : "unconnected";
    if (!remote->any) {
      entry.remote_address = remote->address;
      entry.remote_port = remote->port;
    }
    table.insert_or_assign(Inode{*inode}, std::move(entry));
  });
}

void parse_unix_sockets(std::string_view text, SocketTable& table) {
  for_each_row(text, [&](std::string_view line) {
    const auto fields = fields_of(line);
    if (fields.size() < 7) return;
    const auto flags = number_in<unsigned>(fields[3], 16);
    const auto state = number_in<unsigned>(fields[5], 16);
    const auto inode = number_in<std::uint64_t>(fields[6], 10);
    if (!flags || !state || !inode || *inode == 0) return;
    constexpr unsigned kAcceptsConnections = 0x10000;  // SO_ACCEPTCON
    SocketEntry entry{.protocol = "unix", .state = *state == 3 ? "established" : "unconnected"};
    if ((*flags & kAcceptsConnections) != 0) entry.state = "listen";
    // A path may hold spaces: it is the rest of the line.
    if (fields.size() > 7)
      entry.path = to_valid_utf8(line.substr(static_cast<std::size_t>(fields[7].data() - line.data())));
    table.insert_or_assign(Inode{*inode}, std::move(entry));
  });
}

void add_peer_paths(const std::unordered_map<Inode, Inode>& peers, SocketTable& table) {
  for (const auto& [socket, peer] : peers) {
    const auto ours = table.find(socket);
    const auto other = table.find(peer);
    if (ours != table.end() && other != table.end()) ours->second.peer_path = other->second.path;
  }
}

Result<SocketTable> read_socket_table(const ProcDir& process) {
  SocketTable table;
  struct Source {
    const char* file;
    std::string_view protocol;
  };
  // A protocol that the kernel lacks has no file.
  for (const Source& source : {Source{"net/tcp", "tcp"}, Source{"net/tcp6", "tcp6"}, Source{"net/udp", "udp"},
                               Source{"net/udp6", "udp6"}, Source{"net/raw", "raw"}, Source{"net/raw6", "raw6"}}) {
    const auto text = process.read_file(source.file, kMaxTableBytes);
    if (!text && text.error().code != ErrorCode::not_found) return tl::unexpected(text.error());
    if (text) parse_inet_sockets(*text, source.protocol, table);
  }
  if (const auto text = process.read_file("net/unix", kMaxTableBytes)) parse_unix_sockets(*text, table);
  if (const auto peers = read_unix_peers(process)) add_peer_paths(*peers, table);
  // The inode is the last field of both.
  for (const Source& source : {Source{"net/netlink", "netlink"}, Source{"net/packet", "packet"}}) {
    const auto text = process.read_file(source.file, kMaxTableBytes);
    if (!text) continue;
    for_each_row(*text, [&](std::string_view line) {
      const auto fields = fields_of(line);
      const auto inode = fields.empty() ? std::nullopt : number_in<std::uint64_t>(fields.back(), 10);
      if (inode && *inode != 0) {
        table.insert_or_assign(Inode{*inode}, SocketEntry{.protocol = source.protocol, .state = "unconnected"});
      }
    });
  }
  return table;
}

}  // namespace proctor
