#include "collectors/os/socket_table.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>

#include "collectors/os/unix_peers.h"

namespace proctor {
namespace {

constexpr std::string_view kHead =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

std::string row(const char* local, const char* remote, const char* state, int inode) {
  return std::string{"   0: "} + local + " " + remote + " " + state +
         " 00000000:00000000 00:00000000 00000000     0        0 " + std::to_string(inode) + " 1 0 100 0 0 10 0\n";
}

TEST(SocketTable, ReadsAddressesPortsAndStates) {
  SocketTable table;
  parse_inet_sockets(std::string{kHead} + row("0100007F:1F90", "00000000:0000", "0A", 7) +
                         row("0100007F:1F90", "0200007F:C350", "08", 8) +
                         row("0100007F:1F90", "0200007F:C351", "06", 0),
                     "tcp", table);
  ASSERT_EQ(table.size(), 2U);  // one in time_wait belongs to nobody
  EXPECT_EQ(table.at(Inode{7}).state, "listen");
  EXPECT_EQ(table.at(Inode{7}).local_port, 8080);
  EXPECT_EQ(table.at(Inode{7}).remote_address, "");
  EXPECT_EQ(table.at(Inode{8}).state, "close_wait");
  EXPECT_EQ(table.at(Inode{8}).remote_address, "127.0.0.2");
  EXPECT_EQ(table.at(Inode{8}).remote_port, 50000);
}

TEST(SocketTable, ReadsIpv6) {
  SocketTable table;
  parse_inet_sockets(std::string{kHead} +
                         row("00000000000000000000000001000000:0050", "00000000000000000000000001000000:C350", "01", 9),
                     "tcp6", table);
  EXPECT_EQ(table.at(Inode{9}).remote_address, "::1");
}

TEST(SocketTable, APathOfAUnixSocketMayHoldSpaces) {
  SocketTable table;
  parse_unix_sockets(
      "Num RefCount Protocol Flags Type St Inode Path\n"
      "0000: 00000002 00000000 00010000 0001 01 11 /run/a b.sock\n"
      "0000: 00000003 00000000 00000000 0001 03 12\n"
      "0000: 00000002 00000000 00000000 0002 01 13 @abstract\n",
      table);
  EXPECT_EQ(table.at(Inode{11}).path, "/run/a b.sock");
  EXPECT_EQ(table.at(Inode{11}).state, "listen");
  EXPECT_EQ(table.at(Inode{12}).state, "established");
  EXPECT_EQ(table.at(Inode{13}).path, "@abstract");
}

TEST(SocketTable, WhatIsNoRowIsLeftOut) {
  SocketTable table;
  parse_inet_sockets(std::string{kHead} + "x\n   0: zz 00:00 0A a b c d e f g\n", "tcp", table);
  parse_unix_sockets("heading\nshort\n", table);
  EXPECT_TRUE(table.empty());
}

Inode inode_of(int fd) {
  struct stat status {};
  ::fstat(fd, &status);
  return Inode{status.st_ino};
}

TEST(SocketTable, AUnixSocketIsToldByWhomItIsConnectedWith) {
  const UniqueFd listener{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = "socket_table_test " + std::to_string(::getpid());  // abstract: a zero byte before it
  name.copy(address.sun_path + 1, name.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  const UniqueFd client{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  ASSERT_EQ(::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
  const UniqueFd accepted{::accept(listener.get(), nullptr, nullptr)};
  std::array<int, 2> pair{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
  const UniqueFd one{pair[0]};
  const UniqueFd other{pair[1]};

  const auto root = ProcRoot::open("/proc");
  const auto self = root->open_process(Pid{::getpid()});
  ASSERT_TRUE(self);
  const auto peers = read_unix_peers(*self);
  if (!peers) GTEST_SKIP() << "Skipped: " << peers.error().message;
  EXPECT_EQ(peers->at(inode_of(client.get())), inode_of(accepted.get()));
  EXPECT_EQ(peers->at(inode_of(pair[0])), inode_of(pair[1]));
  EXPECT_FALSE(peers->contains(inode_of(listener.get())));
  const auto table = read_socket_table(*self);
  ASSERT_TRUE(table) << table.error();
  EXPECT_EQ(table->at(inode_of(client.get())).peer_path, "@" + name);
  EXPECT_EQ(table->at(inode_of(accepted.get())).path, "@" + name);
  EXPECT_EQ(table->at(inode_of(pair[0])).peer_path, "");
}

TEST(SocketTable, OfThisProcessHasItsConnections) {
  const UniqueFd listener{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* where = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof(address);
  ASSERT_EQ(::bind(listener.get(), where, size), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  ASSERT_EQ(::getsockname(listener.get(), where, &size), 0);
  UniqueFd client{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  ASSERT_EQ(::connect(client.get(), where, size), 0);
  const UniqueFd server{::accept(listener.get(), nullptr, nullptr)};
  const auto process = ProcRoot::open("/proc")->open_process(Pid{::getpid()});
  const auto open = read_socket_table(*process);
  ASSERT_TRUE(open) << open.error();
  EXPECT_EQ(open->at(inode_of(listener.get())).state, "listen");
  EXPECT_EQ(open->at(inode_of(server.get())).state, "established");
  EXPECT_EQ(open->at(inode_of(client.get())).remote_port, ntohs(address.sin_port));
  client = UniqueFd{};
  // The end of the stream arrives before the state is read.
  std::array<char, 1> byte{};
  ASSERT_EQ(::read(server.get(), byte.data(), 1), 0);
  EXPECT_EQ(read_socket_table(*process)->at(inode_of(server.get())).state, "close_wait");
}

}  // namespace
}  // namespace proctor
