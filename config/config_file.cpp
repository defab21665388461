#include "config/config_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

namespace proctor {

tl::expected<std::string, ConfigMistake> read_config_file(const std::filesystem::path& file) {
  const auto refuse = [&](std::string message) {
    return tl::unexpected(ConfigMistake{.file = file.string(), .message = std::move(message)});
  };
  std::error_code error;
  if (std::filesystem::is_directory(file, error)) return refuse("is a directory");
  errno = 0;
  std::ifstream stream{file, std::ios::binary};
  if (!stream) return refuse(fmt::format("cannot be read: {}", std::strerror(errno)));
  // One byte more than is allowed shows that there are more; a device never ends.
  std::string text(kLargestConfigFile + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return refuse(fmt::format("cannot be read: {}", std::strerror(errno)));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return text;
}

}  // namespace proctor
