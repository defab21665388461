#include "agent/http/basic_auth.h"

#include <crypt.h>
#include <netinet/in.h>
#include <resolv.h>

#include <memory>
#include <optional>
#include <vector>

namespace proctor {
namespace {

constexpr std::size_t kLongest = 1024;
constexpr const char* kDigest = "$5$rounds=1000$proctor.verdicts$";

std::optional<std::string> decode_base64(const std::string& text) {
  if (text.empty() || text.size() > kLongest) return std::nullopt;
  std::vector<unsigned char> bytes(text.size());
  const int size = b64_pton(text.c_str(), bytes.data(), bytes.size());
  if (size < 0) return std::nullopt;
  return std::string(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(size));
}

std::string hash_of(const std::string& password, const std::string& setting) {
  const auto data = std::make_unique<crypt_data>();
  const char* hash = crypt_rn(password.c_str(), setting.c_str(), data.get(), sizeof(crypt_data));
  return hash == nullptr ? "" : hash;
}

/// Takes as long whatever differs.
bool same(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned>(a[i] ^ b[i]);
  return difference == 0;
}

}  // namespace

bool BasicAuth::verify(const std::string& user, const std::string& password) const {
  const auto known = users_.find(user);
  const std::string& expected = known != users_.end() ? known->second : nobody_;
  return same(hash_of(password, expected), expected) && known != users_.end();
}

bool BasicAuth::allows(std::string_view authorization) {
  constexpr std::string_view kScheme = "Basic ";
  if (!authorization.starts_with(kScheme)) return false;
  const auto credentials = decode_base64(std::string{authorization.substr(kScheme.size())});
  if (!credentials || credentials->find('\0') != std::string::npos) return false;
  const std::size_t colon = credentials->find(':');
  if (colon == std::string::npos) return false;
  // Far cheaper than bcrypt, and not the password.
  const std::string digest = hash_of(*credentials, kDigest);
  const std::scoped_lock lock{mutex_};
  if (const auto known = verdicts_.find(digest); known != verdicts_.end()) return known->second;
  const bool allowed = verify(credentials->substr(0, colon), credentials->substr(colon + 1));
  if (verdicts_.size() >= kMostVerdicts) verdicts_.clear();
  verdicts_.emplace(digest, allowed);
  return allowed;
}

}  // namespace proctor
