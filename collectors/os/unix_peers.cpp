#include "collectors/os/unix_peers.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <span>
#include <vector>

#include "base/byte_cursor.h"
#include "base/unique_fd.h"

namespace proctor {
namespace {

constexpr std::size_t kMostSockets = 1'000'000;
constexpr std::size_t kBufferBytes = std::size_t{64} * 1024;
constexpr timeval kLimit{.tv_sec = 1, .tv_usec = 0};

std::size_t aligned(std::size_t size) { return NLMSG_ALIGN(size); }

/// The peer among the attributes of one socket; 0 where it has none.
std::uint32_t peer_in(std::span<const std::byte> attributes) {
  while (attributes.size() >= sizeof(rtattr)) {
    const auto head = load<rtattr>(attributes, 0).value_or(rtattr{});
    if (head.rta_len < sizeof(rtattr) || head.rta_len > attributes.size()) return 0;
    if (head.rta_type == UNIX_DIAG_PEER) return load<std::uint32_t>(attributes, sizeof(rtattr)).value_or(0);
    attributes = attributes.subspan(std::min(aligned(head.rta_len), attributes.size()));
  }
  return 0;
}

/// Takes in one answer of the kernel. False once it was the last one.
Result<bool> take(std::span<const std::byte> bytes, std::unordered_map<Inode, Inode>& peers) {
  while (bytes.size() >= sizeof(nlmsghdr)) {
    const auto head = load<nlmsghdr>(bytes, 0).value_or(nlmsghdr{});
    if (head.nlmsg_len < sizeof(nlmsghdr) || head.nlmsg_len > bytes.size()) break;
    if (head.nlmsg_type == NLMSG_DONE) return false;
    if (head.nlmsg_type == NLMSG_ERROR) return fail(ErrorCode::io_error, "sock_diag is refused");
    const auto body = bytes.subspan(sizeof(nlmsghdr), head.nlmsg_len - sizeof(nlmsghdr));
    if (const auto socket = load<unix_diag_msg>(body, 0)) {
      const std::uint32_t peer = peer_in(body.subspan(std::min(aligned(sizeof(unix_diag_msg)), body.size())));
      if (peer != 0 && peers.size() < kMostSockets) peers.insert_or_assign(Inode{socket->udiag_ino}, Inode{peer});
    }
    bytes = bytes.subspan(std::min(aligned(head.nlmsg_len), bytes.size()));
  }
  return true;
}

}  // namespace

Result<std::unordered_map<Inode, Inode>> read_unix_peers(const ProcDir& process) {
  const auto root = PROCTOR_TRY(ProcRoot::open("/proc"));
  if (PROCTOR_TRY(process.read_link("ns/net")) != PROCTOR_TRY(root.read_link("self/ns/net"))) {
    return fail(ErrorCode::not_supported, "the process is in another network namespace");
  }
  const UniqueFd socket{::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG)};
  if (!socket.valid()) return fail_errno(errno, "sock_diag");
  setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &kLimit, sizeof(kLimit));
  struct Request {
    nlmsghdr head{};
    unix_diag_req body{};
  } request;
  request.head.nlmsg_len = sizeof(request);
  request.head.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  request.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.body.sdiag_family = AF_UNIX;
  request.body.udiag_states = UINT32_MAX;
  request.body.udiag_show = UDIAG_SHOW_PEER;
  if (::send(socket.get(), &request, sizeof(request), 0) < 0) return fail_errno(errno, "sock_diag");
  std::unordered_map<Inode, Inode> peers;
  std::vector<std::byte> buffer(kBufferBytes);
  for (bool more = true; more;) {
    const ssize_t got = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return fail_errno(errno, "sock_diag");
    more = PROCTOR_TRY(take(std::span{buffer}.first(static_cast<std::size_t>(got)), peers));
  }
  return peers;
}

}  // namespace proctor
