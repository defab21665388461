#include "agent/http/relay.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/socket.h>

#include <array>
#include <filesystem>
#include <thread>

#include "agent/http/listen_address.h"
#include "agent/http/server.h"

namespace proctor {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
namespace fs = std::filesystem;

constexpr std::string_view kRequest = "GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A key and a certificate signed by it, in files of a folder of their own.
class Certificate {
 public:
  Certificate() {
    std::string name = (fs::temp_directory_path() / "relay_test.XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key{EVP_EC_gen("P-256"), EVP_PKEY_free};
    const std::unique_ptr<X509, decltype(&X509_free)> cert{X509_new(), X509_free};
    X509_gmtime_adj(X509_getm_notBefore(cert.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(cert.get()), 3600);
    X509_set_pubkey(cert.get(), key.get());
    X509_sign(cert.get(), key.get(), EVP_sha256());
    const File cert_file{std::fopen(config().cert_file.c_str(), "w"), std::fclose};
    PEM_write_X509(cert_file.get(), cert.get());
    const File key_file{std::fopen(config().key_file.c_str(), "w"), std::fclose};
    PEM_write_PrivateKey(key_file.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  }
  Certificate(const Certificate&) = delete;
  Certificate& operator=(const Certificate&) = delete;
  ~Certificate() { fs::remove_all(folder_); }

  TlsConfig config() const {
    return {.cert_file = folder_ / "cert", .key_file = folder_ / "key", .client_ca_file = {}};
  }

 private:
  using File = std::unique_ptr<FILE, decltype(&std::fclose)>;
  fs::path folder_;
};

std::uint16_t port_in(const std::string& address) {
  return static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
}

UniqueFd connect_to(std::uint16_t port, bool ipv6) {
  UniqueFd socket{::socket(ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0)};
  const timeval limit{.tv_sec = 10, .tv_usec = 0};
  setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  v6.sin6_addr = in6addr_loopback;
  const auto* address = ipv6 ? reinterpret_cast<const sockaddr*>(&v6) : reinterpret_cast<const sockaddr*>(&v4);
  if (::connect(socket.get(), address, ipv6 ? sizeof(v6) : sizeof(v4)) != 0) return {};
  return socket;
}

/// What comes until the end; `read` as ::recv.
template <typename Read>
std::string read_all(Read read) {
  std::string answer;
  std::array<char, 4096> buffer{};
  for (auto size = read(buffer); size > 0; size = read(buffer)) {
    answer.append(buffer.data(), static_cast<std::size_t>(size));
  }
  return answer;
}

std::string fetch_encrypted(std::uint16_t port) {
  const UniqueFd socket = connect_to(port, false);
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context{SSL_CTX_new(TLS_client_method()), SSL_CTX_free};
  const std::unique_ptr<SSL, decltype(&SSL_free)> tls{SSL_new(context.get()), SSL_free};
  SSL_set_fd(tls.get(), socket.get());
  if (SSL_connect(tls.get()) != 1) return "no handshake";
  SSL_write(tls.get(), kRequest.data(), static_cast<int>(kRequest.size()));
  return read_all([&](auto& buffer) { return SSL_read(tls.get(), buffer.data(), static_cast<int>(buffer.size())); });
}

std::string fetch_plain(std::uint16_t port, bool ipv6) {
  const UniqueFd socket = connect_to(port, ipv6);
  if (!socket.valid() || ::send(socket.get(), kRequest.data(), kRequest.size(), MSG_NOSIGNAL) < 0) return "not sent";
  return read_all([&](auto& buffer) { return ::recv(socket.get(), buffer.data(), buffer.size(), 0); });
}

TEST(Relay, CarriesEncryptedConnectionsOfManyClients) {
  const Certificate certificate;
  ServerOptions options;
  options.listen_addresses = {"127.0.0.1:0"};
  options.publication = [] { return nullptr; };
  options.tls = certificate.config();
  const auto server = Server::start(options);
  ASSERT_TRUE(server) << server.error();
  const std::uint16_t port = port_in(server->addresses().front());
  std::vector<std::jthread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([port] {
      for (int round = 0; round < 5; ++round) EXPECT_THAT(fetch_encrypted(port), StartsWith("HTTP/1.1 200"));
    });
  }
  clients.clear();
  EXPECT_EQ(fetch_plain(port, false), "") << "without encryption";
  const UniqueFd silent = connect_to(port, false);  // the end does not wait for it
}

TEST(Relay, CarriesIpv6) {
  if (!listen_on({.host = "::1", .port = 0}, IpVersions::v6)) GTEST_SKIP() << "Skipped: no IPv6 on this machine";
  ServerOptions options;
  options.listen_addresses = {"[::1]:0"};
  options.publication = [] { return nullptr; };
  const auto server = Server::start(options);
  ASSERT_TRUE(server) << server.error();
  EXPECT_THAT(server->addresses().front(), StartsWith("[::1]:"));
  EXPECT_THAT(fetch_plain(port_in(server->addresses().front()), true), StartsWith("HTTP/1.1 200"));
}

TEST(TlsContexts, AFileThatIsNoneIsNamed) {
  const Certificate certificate;
  TlsConfig config = certificate.config();
  config.key_file = "/no/such/key";
  const auto contexts = TlsContexts::open(config);
  ASSERT_FALSE(contexts);
  EXPECT_THAT(contexts.error().message, HasSubstr("/no/such/key: No such file"));
}

TEST(TlsContexts, FilesThatHaveChangedAreReadAgain) {
  const Certificate certificate;
  const auto contexts = TlsContexts::open(certificate.config());
  ASSERT_TRUE(contexts) << contexts.error();
  const auto first = (*contexts)->current();
  EXPECT_EQ((*contexts)->current(), first);
  const Certificate renewed;
  fs::rename(renewed.config().cert_file, certificate.config().cert_file);
  EXPECT_EQ((*contexts)->current(), first) << "it does not fit the key yet";
  fs::rename(renewed.config().key_file, certificate.config().key_file);
  EXPECT_NE((*contexts)->current(), first);
}

}  // namespace
}  // namespace proctor
