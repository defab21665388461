#include "config/web_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace proctor {
namespace {

constexpr const char* kHash = "$2b$10$1234567890123456789012345678901234567890123456789012a";

std::string first_mistake(const std::string& text) {
  const auto config = parse_web_config(text, "web.yml");
  return config ? "" : to_string(config.error().front());
}

TEST(WebConfig, UsersAndHeadersAreTaken) {
  const auto config = parse_web_config(std::string{"basic_auth_users:\n  alice: "} + kHash +
                                           "\nhttp_server_config:\n  headers:\n    X-Frame-Options: deny\n",
                                       "web.yml");
  ASSERT_TRUE(config) << to_string(config.error().front());
  EXPECT_EQ(config->users.at("alice"), kHash);
  EXPECT_EQ(config->headers.at("X-Frame-Options"), "deny");
}

TEST(WebConfig, AnEmptyFileAllowsEverybody) { EXPECT_TRUE(parse_web_config("", "web.yml")->users.empty()); }

TEST(WebConfig, AMistakeHasItsPlace) {
  EXPECT_THAT(first_mistake("basic_auth_users:\n  bob: secret\n"),
              testing::StartsWith("web.yml:2:3: basic_auth_users.bob"));
  EXPECT_THAT(first_mistake("basic_auth_user: {}\n"), testing::HasSubstr("basic_auth_users"));
  EXPECT_THAT(first_mistake("tls_server_config: {cert_file: a}\n"), testing::HasSubstr("TLS is not served"));
  EXPECT_THAT(first_mistake("http_server_config: {headers: {Set-Cookie: a}}\n"), testing::HasSubstr("cannot be set"));
  EXPECT_THAT(first_mistake("http_server_config: {headers: {Cache-Control: \"a\\r\\nb\"}}\n"),
              testing::HasSubstr("control character"));
  EXPECT_THAT(first_mistake("basic_auth_users: [a]\n"), testing::HasSubstr("must be a mapping"));
}

}  // namespace
}  // namespace proctor
