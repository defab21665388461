#include "agent/http/server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <nlohmann/json.hpp>

#include "agent/http/page.h"
#include "agent/publication/sample_report.h"
#include "base/unique_fd.h"

namespace proctor {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// Sends `request` to an address of the loopback and reads until the server closes.
std::string fetch_raw(const std::string& address, const std::string& request) {
  const UniqueFd client{::socket(AF_INET, SOCK_STREAM, 0)};
  const timeval limit{.tv_sec = 5, .tv_usec = 0};  // a stalled server fails the test
  setsockopt(client.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(client.get(), reinterpret_cast<const sockaddr*>(&server), sizeof(server)) != 0) return "no connection";
  if (::send(client.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return "not sent";
  std::string answer;
  std::array<char, 4096> buffer{};
  ssize_t size = 0;
  while ((size = ::recv(client.get(), buffer.data(), buffer.size(), 0)) > 0) {
    answer.append(buffer.data(), static_cast<std::size_t>(size));
  }
  return size < 0 ? "stalled after " + answer : answer;
}

std::string body_of(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }

/// One server for all tests: civetweb takes two seconds to stop.
class ServerTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    ServerOptions options;
    options.listen_addresses = {"127.0.0.1:0"};
    options.publication = [] { return latest_.load(); };
    options.reload = [] { ++reloads_; };
    auto server = Server::start(options);
    ASSERT_TRUE(server) << server.error();
    server_ = std::make_unique<Server>(*std::move(server));
  }
  static void TearDownTestSuite() { server_.reset(); }

  void SetUp() override {
    ASSERT_TRUE(server_);
    latest_.store(nullptr);
    reloads_ = 0;
  }

  void publish(const std::string& name = "shop") {
    auto publication = std::make_shared<Publication>();
    publication->targets = {sample_report(name, 4711)};
    publication->metrics = "proctor_threads 1\n";
    publication->metrics_gzip = "packed bytes";
    latest_ = publication;
  }

  std::string fetch(const std::string& method, const std::string& path, const std::string& headers = "") {
    return fetch_raw(server_->addresses().front(),
                     method + " " + path + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n");
  }

  static inline std::atomic<std::shared_ptr<const Publication>> latest_;
  static inline std::atomic<int> reloads_{0};
  static inline std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, TellsItsRealPort) {
  EXPECT_THAT(server_->addresses().front(), StartsWith("127.0.0.1:"));
  EXPECT_THAT(server_->addresses().front(), Not(testing::EndsWith(":0")));
}

TEST_F(ServerTest, IsHealthyAtOnceAndReadyFromTheFirstPublicationOn) {
  EXPECT_THAT(fetch("GET", "/-/healthy"), StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(fetch("GET", "/-/ready"), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(fetch("GET", "/metrics"), StartsWith("HTTP/1.1 503 "));
  publish();
  EXPECT_THAT(fetch("GET", "/-/ready"), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(ServerTest, ServesTheMetricsPlainAndPackedWithTheirLength) {
  publish();
  const std::string plain = fetch("GET", "/metrics");
  EXPECT_THAT(plain, HasSubstr("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
  EXPECT_THAT(plain, HasSubstr("Content-Length: 18\r\n"));
  EXPECT_EQ(body_of(plain), "proctor_threads 1\n");
  const std::string packed = fetch("GET", "/metrics", "Accept-Encoding: deflate, gzip;q=0.5\r\n");
  EXPECT_THAT(packed, HasSubstr("Content-Encoding: gzip\r\n"));
  EXPECT_EQ(body_of(packed), "packed bytes");
}

TEST_F(ServerTest, AnswersHeadWithTheLengthAndNoBody) {
  publish();
  const std::string answer = fetch("HEAD", "/metrics");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 18\r\n"));
  EXPECT_EQ(body_of(answer), "");
}

TEST_F(ServerTest, AClientThatWantsToKeepItsConnectionIsNotStalled) {
  publish();
  EXPECT_THAT(fetch("GET", "/metrics", "Connection: keep-alive\r\n"), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(ServerTest, ServesTargetsAndFindingsAsJson) {
  publish();
  const auto target = nlohmann::json::parse(body_of(fetch("GET", "/api/v1/targets/4711")));
  EXPECT_EQ(target["target"]["name"], "shop");
  EXPECT_EQ(target["goroutines"]["user"], 2);
  const auto targets = nlohmann::json::parse(body_of(fetch("GET", "/api/v1/targets")));
  EXPECT_EQ(targets["targets"][0]["pid"], 4711);
  const auto findings = nlohmann::json::parse(body_of(fetch("GET", "/api/v1/findings")));
  EXPECT_EQ(findings["findings"][0]["target"], "shop");
  EXPECT_EQ(findings["findings"][0]["kind"], "goroutine_leak");
}

TEST_F(ServerTest, ServesProfilesOfTargetsThatHaveNone) {
  publish();
  const std::string text = body_of(fetch("GET", "/debug/pprof/4711/goroutine?debug=1"));
  EXPECT_THAT(text, StartsWith("goroutine profile: total 2\n"));
  EXPECT_THAT(body_of(fetch("GET", "/debug/pprof/4711/goroutine?x=1&debug=2")),
              StartsWith("goroutine 19 [chan receive]"));
  for (const std::string query : {"", "?debug=0"}) {
    const std::string answer = fetch("GET", "/debug/pprof/4711/goroutine" + query);
    EXPECT_THAT(answer, HasSubstr("Content-Type: application/octet-stream\r\n"));
    EXPECT_THAT(body_of(answer), StartsWith("\x1f\x8b"));  // gzip
  }
  for (const std::string path : {"/debug/pprof/4711/heap", "/debug/pprof/4711/x", "/debug/pprof/1/goroutine",
                                 "/debug/pprof/", "/debug/pprof/4711/thread"}) {
    EXPECT_THAT(fetch("GET", path), StartsWith("HTTP/1.1 404 ")) << path;
  }
}

TEST_F(ServerTest, ServesThePastOfATarget) {
  publish();
  const auto all = nlohmann::json::parse(body_of(fetch("GET", "/api/v1/history?pid=4711")));
  EXPECT_EQ(all["target"], "shop");
  EXPECT_EQ(all["figures"]["goroutines"].size(), 2U);
  EXPECT_EQ(all["figures"]["goroutines"][1][1], 3);
  const auto other = nlohmann::json::parse(body_of(fetch("GET", "/api/v1/history?figure=threads&pid=4711")));
  EXPECT_TRUE(other["figures"].empty());
  EXPECT_THAT(fetch("GET", "/api/v1/history"), StartsWith("HTTP/1.1 404 "));
}

TEST_F(ServerTest, ServesTheSitesOfAMoment) {
  publish();
  const auto now = nlohmann::json::parse(body_of(fetch("GET", "/api/v1/sites?pid=4711")));
  EXPECT_EQ(now["moments"].size(), 2U);
  EXPECT_EQ(now["sites"][0]["kind"], "goroutine");
  EXPECT_EQ(now["sites"][0]["members"], 2);
  const auto then = nlohmann::json::parse(body_of(fetch("GET", "/api/v1/sites?pid=4711&at=1767225599")));
  EXPECT_EQ(then["at"], "2025-12-31T23:59:00Z");
  EXPECT_TRUE(then["sites"].empty());
  EXPECT_THAT(fetch("GET", "/api/v1/sites?pid=4711&at=noon"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(fetch("GET", "/api/v1/sites"), StartsWith("HTTP/1.1 404 "));
}

TEST_F(ServerTest, RefusesWhatItDoesNotServe) {
  publish();
  for (const std::string path : {"/nothing", "/api/v1/targets/1", "/api/v1/targets/x", "/api/v1/targetsx"}) {
    const std::string answer = fetch("GET", path);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 404 Not Found\r\n")) << path;
    EXPECT_TRUE(nlohmann::json::parse(body_of(answer)).contains("error")) << path;
  }
  EXPECT_THAT(fetch("DELETE", "/metrics"), StartsWith("HTTP/1.1 405 "));
}

TEST_F(ServerTest, ReloadsOnPostOnly) {
  EXPECT_THAT(fetch("GET", "/-/reload"), StartsWith("HTTP/1.1 405 "));
  EXPECT_EQ(reloads_, 0);
  EXPECT_THAT(fetch("POST", "/-/reload", "Content-Length: 0\r\n"), StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(reloads_, 1);
}

TEST_F(ServerTest, ThePageShowsStacksAndEscapesWhatATargetChose) {
  publish("<script>alert(\"x\")</script>");
  const std::string page = body_of(fetch("GET", "/"));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;"));
  EXPECT_THAT(page, Not(HasSubstr("<script>")));
  EXPECT_THAT(page, HasSubstr("<details>"));
  EXPECT_THAT(page, HasSubstr("aria-label=\"goroutines: 3 now, 3 at most, over 10.0s\""));
  EXPECT_THAT(page, HasSubstr("<polyline points=\"0.0,31.7 0.0,31.7 240.0,31.7 240.0,1.0 240.0,1.0 \"/>"));
  EXPECT_THAT(page, HasSubstr("runtime.gopark proc.go:364"));
  EXPECT_THAT(page, Not(HasSubstr("http")));
  EXPECT_THAT(page, Not(HasSubstr(" style=")));
}

TEST_F(ServerTest, ServesWhatThePageIsMadeOfAndNothingFromElsewhere) {
  const std::string program = fetch("GET", "/assets/app.js");
  EXPECT_THAT(program, StartsWith("HTTP/1.1 200 OK\r\nContent-Type: text/javascript; charset=utf-8\r\n"));
  EXPECT_THAT(program,
              HasSubstr("\r\nContent-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "));
  EXPECT_THAT(program, Not(HasSubstr("unsafe")));
  EXPECT_THAT(fetch("GET", "/assets/app.js", "Accept-Encoding: gzip\r\n"), HasSubstr("\r\nContent-Encoding: gzip\r\n"));
  EXPECT_THAT(fetch("GET", "/assets/app.css"), HasSubstr("\r\nContent-Type: text/css; charset=utf-8\r\n"));
  for (const char* path : {"/assets/", "/assets/no.js", "/assets/../server.cpp", "/assets/%2e%2e/page.h"}) {
    EXPECT_THAT(fetch("GET", path), StartsWith("HTTP/1.1 404 ")) << path;
  }
}

TEST_F(ServerTest, OfManyTargetsThePageTellsThoseWithFindings) {
  auto publication = std::make_shared<Publication>();
  for (int pid = 1; pid <= 50; ++pid) {
    auto report = std::make_shared<TargetReport>(*sample_report("shop", pid));
    if (pid <= 40) report->findings.clear();
    publication->targets.push_back(std::move(report));
  }
  latest_ = publication;
  const std::string page = body_of(fetch("GET", "/"));
  EXPECT_THAT(page, HasSubstr("Below are 20 of them"));
  EXPECT_THAT(page, HasSubstr("<section id=\"p50\">"));
  EXPECT_THAT(page, Not(HasSubstr("<section id=\"p40\">")));
}

TEST_F(ServerTest, ASecondServerOnThePortIsAnErrorThatNamesIt) {
  ServerOptions options;
  options.listen_addresses = server_->addresses();
  options.publication = [] { return nullptr; };
  const auto second = Server::start(options);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::io_error);
  EXPECT_THAT(second.error().message, HasSubstr(server_->addresses().front()));
  EXPECT_THAT(second.error().message, HasSubstr("Address already in use"));
  EXPECT_THAT(second.error().message, Not(HasSubstr("\n")));
}

TEST(Server, RefusesAnAddressThatIsNone) {
  for (const std::string address :
       {"10117", ":x", ":70000", ":80s", "1.2.3.4:1,2", "::1:80", "[1.2.3.4]:80", "[]:80", ":"}) {
    ServerOptions options;
    options.listen_addresses = {address};
    const auto server = Server::start(options);
    ASSERT_FALSE(server) << address;
    EXPECT_EQ(server.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(server.error().message, HasSubstr(address));
  }
}

TEST(Routes, ReloadIsForbiddenWhereTheLifecycleIsOff) {
  EXPECT_EQ(respond({.method = "POST", .path = "/-/reload", .accept_encoding = ""}, {}).status, 403);
}

TEST(Routes, UnderstandsAcceptEncoding) {
  EXPECT_TRUE(accepts_gzip("gzip"));
  EXPECT_TRUE(accepts_gzip("br, gzip;q=0.1"));
  EXPECT_FALSE(accepts_gzip(""));
  EXPECT_FALSE(accepts_gzip("gzip; q=0"));
  EXPECT_FALSE(accepts_gzip("gzipped, identity"));
}

TEST(EscapeHtml, LeavesNothingThatMarksUp) {
  EXPECT_EQ(escape_html("<a href='x'>&\"\xFF"), "&lt;a href=&#39;x&#39;&gt;&amp;&quot;\uFFFD");
}

}  // namespace
}  // namespace proctor
