#include "agent/http/basic_auth.h"

#include <crypt.h>
#include <gtest/gtest.h>

#include <memory>

namespace proctor {
namespace {

std::string hash_of(const char* password) {
  const auto data = std::make_unique<crypt_data>();
  return crypt_rn(password, "$2b$04$abcdefghijklmnopqrstuu", data.get(), sizeof(crypt_data));
}

TEST(BasicAuth, AllowsAKnownNameWithItsPasswordAlone) {
  BasicAuth auth{{{"alice", hash_of("secret")}}};
  for (int round = 0; round < 2; ++round) {                   // also from what is kept
    EXPECT_TRUE(auth.allows("Basic YWxpY2U6c2VjcmV0"));       // alice:secret
    EXPECT_FALSE(auth.allows("Basic YWxpY2U6c2VjcmV0cw=="));  // alice:secrets
    EXPECT_FALSE(auth.allows("Basic Ym9iOnNlY3JldA=="));      // bob:secret
  }
}

TEST(BasicAuth, WhatIsNoSuchHeaderIsRefused) {
  BasicAuth auth{{{"alice", hash_of("secret")}}};
  for (const char* text : {"", "Basic", "Basic ", "Bearer x", "Basic ====", "Basic YWxpY2U=", "Basic YWxpY2U6c2VjcmV",
                           "Basic \xff\xff\xff\xff"}) {
    EXPECT_FALSE(auth.allows(text)) << text;
  }
  EXPECT_FALSE(auth.allows("Basic " + std::string(100'000, 'A')));
}

}  // namespace
}  // namespace proctor
