#include "config/tls_config.h"

#include <algorithm>
#include <array>

#include "config/yaml_reader.h"

namespace proctor {
namespace {

constexpr std::size_t kMostNames = 100;

template <typename T, std::size_t N>
using Words = std::array<std::pair<std::string_view, T>, N>;

constexpr Words<ClientAuth, 5> kClientAuth{
    {{"NoClientCert", ClientAuth::no_client_cert},
     {"RequestClientCert", ClientAuth::request_client_cert},
     {"RequireAnyClientCert", ClientAuth::require_any_client_cert},
     {"VerifyClientCertIfGiven", ClientAuth::verify_client_cert_if_given},
     {"RequireAndVerifyClientCert", ClientAuth::require_and_verify_client_cert}}};
constexpr Words<TlsVersion, 2> kVersions{{{"TLS12", TlsVersion::tls12}, {"TLS13", TlsVersion::tls13}}};
constexpr std::array<std::string_view, 4> kCurves{"X25519", "CurveP256", "CurveP384", "CurveP521"};

/// Reads a word as one of `words`.
template <typename T, std::size_t N>
auto one_of(const Words<T, N>& words) {
  return [&words](const std::string& text) -> Result<T> {
    std::string all;
    for (const auto& [word, value] : words) {
      if (word == text) return value;
      all += fmt::format("{}{}", all.empty() ? "" : ", ", word);
    }
    return fail(ErrorCode::invalid_argument, "\"{}\" is none of {}", text, all);
  };
}

std::vector<std::string> read_names(YamlMapping& mapping, std::string_view key, Mistakes& mistakes) {
  std::vector<std::string> names;
  const auto value = mapping.find(key);
  const auto list = value ? read_list(*value, mistakes) : std::nullopt;
  if (!list) return names;
  if (list->size() > kMostNames) mapping.note(*value, "more than 100 names");
  for (const YamlValue& entry : *list) {
    if (auto text = read_text(entry, mistakes); text && names.size() < kMostNames) names.push_back(*std::move(text));
  }
  return names;
}

}  // namespace

TlsConfig read_tls_config(const YamlValue& value, const std::filesystem::path& folder, Mistakes& mistakes) {
  TlsConfig config;
  YamlMapping mapping{value, mistakes};
  const auto file = [&folder](const std::string& text) -> Result<std::filesystem::path> {
    if (text.empty()) return std::filesystem::path{};
    return folder / text;
  };
  mapping.read("cert_file", config.cert_file, file);
  mapping.read("key_file", config.key_file, file);
  mapping.read("client_ca_file", config.client_ca_file, file);
  mapping.read("client_auth_type", config.client_auth, one_of(kClientAuth));
  mapping.read("min_version", config.min_version, one_of(kVersions));
  mapping.read("max_version", config.max_version, one_of(kVersions));
  config.cipher_suites = read_names(mapping, "cipher_suites", mistakes);
  config.curve_preferences = read_names(mapping, "curve_preferences", mistakes);
  for (const std::string& curve : config.curve_preferences) {
    if (std::ranges::find(kCurves, curve) == kCurves.end()) {
      mapping.note(value,
                   fmt::format("curve_preferences: \"{}\" is none of X25519, CurveP256, CurveP384, CurveP521", curve));
    }
  }
  bool ours_first = true;  // as it always is
  mapping.read("prefer_server_cipher_suites", ours_first);
  mapping.finish();

  if (config.cert_file.empty()) mapping.note(value, "cert_file is needed");
  if (config.key_file.empty()) mapping.note(value, "key_file is needed");
  const bool verifies = config.client_auth == ClientAuth::verify_client_cert_if_given ||
                        config.client_auth == ClientAuth::require_and_verify_client_cert;
  if (verifies && config.client_ca_file.empty()) {
    mapping.note(value, "client_ca_file is needed, to verify the certificates of clients");
  }
  if (!config.client_ca_file.empty() && config.client_auth == ClientAuth::no_client_cert) {
    mapping.note(value, "client_ca_file has no use without a client_auth_type");
  }
  if (config.max_version < config.min_version) mapping.note(value, "max_version is below min_version");
  return config;
}

}  // namespace proctor
