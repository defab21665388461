#include "config/web_config.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "config/config_file.h"
#include "config/yaml_reader.h"

namespace proctor {
namespace {

constexpr std::size_t kMostUsers = 100;
constexpr std::array<std::string_view, 6> kHeaders{"Content-Security-Policy",   "X-Frame-Options",
                                                   "X-Content-Type-Options",    "X-XSS-Protection",
                                                   "Strict-Transport-Security", "Cache-Control"};

/// "$2b$10$" and 53 characters.
bool is_bcrypt(std::string_view hash) {
  if (hash.size() != 60 || !(hash.starts_with("$2a$") || hash.starts_with("$2b$") || hash.starts_with("$2y$"))) {
    return false;
  }
  int cost = 0;
  const auto parsed = std::from_chars(hash.data() + 4, hash.data() + 6, cost);
  return parsed.ec == std::errc{} && parsed.ptr == hash.data() + 6 && hash[6] == '$' && cost >= 4 && cost <= 31;
}

/// The pairs of a mapping whose keys are free, each through `take`.
template <typename Take>
void read_pairs(const YamlValue& value, Mistakes& mistakes, Take take) {
  if (value.node.IsNull()) return;
  if (!value.node.IsMap()) {
    mistakes.add(value.node.Mark(), value.path + ": must be a mapping");
    return;
  }
  for (const auto& pair : value.node) {
    const std::string key = pair.first.IsScalar() ? pair.first.Scalar() : "";
    const YamlValue entry{.node = pair.second, .path = value.path + "." + key};
    const auto text = read_text(entry, mistakes);
    if (!text) continue;
    if (const std::string message = take(key, *text); !message.empty()) {
      mistakes.add(pair.first.Mark(), entry.path + ": " + message);
    }
  }
}

void read_users(const YamlValue& value, WebConfig& config, Mistakes& mistakes) {
  read_pairs(value, mistakes, [&](const std::string& user, const std::string& hash) -> std::string {
    if (user.empty() || user.find(':') != std::string::npos) return "a user has a name without a colon";
    if (!is_bcrypt(hash)) return "no bcrypt hash: htpasswd -nBC 10 USER makes one";
    if (config.users.size() >= kMostUsers) return "more than 100 users";
    config.users.emplace(user, hash);
    return "";
  });
}

void read_headers(const YamlValue& value, WebConfig& config, Mistakes& mistakes) {
  read_pairs(value, mistakes, [&](const std::string& name, const std::string& text) -> std::string {
    if (std::ranges::find(kHeaders, name) == kHeaders.end()) return "this header cannot be set";
    config.headers.emplace(name, text);
    return "";
  });
}

WebConfig read_document(const YAML::Node& document, const std::filesystem::path& folder, Mistakes& mistakes) {
  WebConfig config;
  if (document.IsNull()) return config;
  YamlMapping root{{.node = document, .path = ""}, mistakes};
  if (const auto tls = root.find("tls_server_config"); tls && !tls->node.IsNull()) {
    config.tls = read_tls_config(*tls, folder, mistakes);
  }
  if (const auto users = root.find("basic_auth_users")) read_users(*users, config, mistakes);
  if (const auto server = root.find("http_server_config")) {
    YamlMapping mapping{*server, mistakes};
    bool http2 = false;
    mapping.read("http2", http2);  // offered by the toolkit, not asked of it
    if (const auto headers = mapping.find("headers")) read_headers(*headers, config, mistakes);
    mapping.finish();
  }
  root.finish();
  return config;
}

}  // namespace

LoadedWebConfig parse_web_config(std::string_view text, const std::string& file_name) {
  Mistakes mistakes{file_name};
  WebConfig config;
  if (text.size() > kLargestConfigFile) {
    mistakes.add(YAML::Mark::null_mark(), "larger than 1 MiB");
  } else if (const auto document = parse_yaml(text, mistakes)) {
    try {
      config = read_document(*document, std::filesystem::path{file_name}.parent_path(), mistakes);
    } catch (const YAML::Exception& exception) {
      mistakes.add(exception.mark, exception.msg);
    }
  }
  if (mistakes.any()) return tl::unexpected(mistakes.take());
  return config;
}

LoadedWebConfig load_web_config(const std::filesystem::path& file) {
  const auto text = read_config_file(file);
  if (!text) return tl::unexpected(std::vector{text.error()});
  return parse_web_config(*text, file.string());
}

}  // namespace proctor
