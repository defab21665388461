#include "agent/http/basic_auth.h"

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <vector>

namespace proctor {
namespace {

constexpr std::size_t kLongest = 1024;
// No password has it: an unknown name takes as long as a known one.
constexpr const char* kNobody = "$2b$10$abcdefghijklmnopqrstuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu";

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0 || text.size() > kLongest) return std::nullopt;
  std::vector<unsigned char> bytes(text.size());
  const int size =
      EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  // It counts the padding as bytes.
  const auto padding = static_cast<std::size_t>(std::ranges::count(text.substr(text.size() - 2), '='));
  return std::string(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(size) - padding);
}

std::string digest_of(const std::string& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  return {reinterpret_cast<const char*>(digest.data()), size};
}

}  // namespace

bool BasicAuth::verify(const std::string& user, const std::string& password) const {
  const auto known = users_.find(user);
  const std::string expected = known != users_.end() ? known->second : kNobody;
  const auto data = std::make_unique<crypt_data>();
  const char* hash = crypt_rn(password.c_str(), expected.c_str(), data.get(), sizeof(crypt_data));
  return known != users_.end() && hash != nullptr && std::string_view{hash}.size() == expected.size() &&
         CRYPTO_memcmp(hash, expected.data(), expected.size()) == 0;
}

bool BasicAuth::allows(std::string_view authorization) {
  constexpr std::string_view kScheme = "Basic ";
  if (!authorization.starts_with(kScheme)) return false;
  const auto credentials = decode_base64(authorization.substr(kScheme.size()));
  if (!credentials || credentials->find('\0') != std::string::npos) return false;
  const std::size_t colon = credentials->find(':');
  if (colon == std::string::npos) return false;
  const std::string digest = digest_of(*credentials);
  const std::scoped_lock lock{mutex_};
  if (const auto known = verdicts_.find(digest); known != verdicts_.end()) return known->second;
  const bool allowed = verify(credentials->substr(0, colon), credentials->substr(colon + 1));
  if (verdicts_.size() >= kMostVerdicts) verdicts_.clear();
  verdicts_.emplace(digest, allowed);
  return allowed;
}

}  // namespace proctor
