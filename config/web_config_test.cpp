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
  EXPECT_THAT(first_mistake("http_server_config: {headers: {Set-Cookie: a}}\n"), testing::HasSubstr("cannot be set"));
  EXPECT_THAT(first_mistake("http_server_config: {headers: {Cache-Control: \"a\\r\\nb\"}}\n"),
              testing::HasSubstr("control character"));
  EXPECT_THAT(first_mistake("basic_auth_users: [a]\n"), testing::HasSubstr("must be a mapping"));
}

TEST(WebConfig, TlsIsReadAsTheToolkitReadsIt) {
  const auto config = parse_web_config(
      "tls_server_config:\n  cert_file: a.crt\n  key_file: /k/a.key\n  client_ca_file: ca.crt\n"
      "  client_auth_type: RequireAndVerifyClientCert\n  min_version: TLS13\n  cipher_suites: "
      "[TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]\n  curve_preferences: [X25519, CurveP256]\n"
      "  prefer_server_cipher_suites: true\n",
      "/etc/proctor/web.yml");
  ASSERT_TRUE(config) << to_string(config.error().front());
  ASSERT_TRUE(config->tls);
  EXPECT_EQ(config->tls->cert_file, "/etc/proctor/a.crt");
  EXPECT_EQ(config->tls->key_file, "/k/a.key");
  EXPECT_EQ(config->tls->client_ca_file, "/etc/proctor/ca.crt");
  EXPECT_EQ(config->tls->client_auth, ClientAuth::require_and_verify_client_cert);
  EXPECT_EQ(config->tls->min_version, TlsVersion::tls13);
  EXPECT_THAT(config->tls->cipher_suites, testing::ElementsAre("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"));
  EXPECT_THAT(config->tls->curve_preferences, testing::ElementsAre("X25519", "CurveP256"));
  EXPECT_FALSE(parse_web_config("tls_server_config:\n", "web.yml")->tls);
}

TEST(WebConfig, AMistakeInTlsHasItsPlace) {
  const std::string files = "tls_server_config:\n  cert_file: a\n  key_file: b\n";
  EXPECT_THAT(first_mistake("tls_server_config: {cert_file: a}\n"), testing::HasSubstr("key_file is needed"));
  EXPECT_THAT(first_mistake("tls_server_config: {key_file: a}\n"), testing::HasSubstr("cert_file is needed"));
  EXPECT_THAT(first_mistake(files + "  client_auth_type: Verify\n"), testing::StartsWith("web.yml:4:21"));
  EXPECT_THAT(first_mistake(files + "  client_auth_type: RequireAndVerifyClientCert\n"),
              testing::HasSubstr("client_ca_file is needed"));
  EXPECT_THAT(first_mistake(files + "  client_ca_file: c\n"), testing::HasSubstr("client_auth_type"));
  EXPECT_THAT(first_mistake(files + "  min_version: TLS10\n"), testing::HasSubstr("TLS12, TLS13"));
  EXPECT_THAT(first_mistake(files + "  min_version: TLS13\n  max_version: TLS12\n"), testing::HasSubstr("below"));
  EXPECT_THAT(first_mistake(files + "  curve_preferences: [P]\n"), testing::HasSubstr("CurveP256"));
  // What would narrow who may ask is refused rather than left out.
  EXPECT_THAT(first_mistake(files + "  client_allowed_sans: [a]\n"), testing::HasSubstr("client_allowed_sans"));
}

}  // namespace
}  // namespace proctor
