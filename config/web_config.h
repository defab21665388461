#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "config/load.h"
#include "config/tls_config.h"

namespace proctor {

/// Who may ask over HTTP and what answers carry, in the shape of the Prometheus exporter toolkit's file.
struct WebConfig {
  std::map<std::string, std::string> users;    // by name: bcrypt hashes; empty: everybody may ask
  std::map<std::string, std::string> headers;  // that take the place of ours, or stand beside them
  std::optional<TlsConfig> tls;                // absent: plain HTTP
};

using LoadedWebConfig = tl::expected<WebConfig, std::vector<ConfigMistake>>;

/// The file of --web.config.file, or every mistake in it. Paths in it begin at its folder.
LoadedWebConfig load_web_config(const std::filesystem::path& file);
/// The same for text; `file_name` is what mistakes show, and its folder where paths begin.
LoadedWebConfig parse_web_config(std::string_view text, const std::string& file_name);

}  // namespace proctor
