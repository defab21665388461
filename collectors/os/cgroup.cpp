#include "collectors/os/cgroup.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <utility>

#include "base/unique_fd.h"

namespace proctor {
namespace {

constexpr std::uint64_t kNoLimitV1 = std::uint64_t{1} << 62;  // version 1 writes a number near 2^63 for "none"
constexpr std::size_t kContainerDigits = 64;

bool is_hexadecimal(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

bool lists(std::string_view controllers, std::string_view wanted) {
  while (!controllers.empty()) {
    const std::size_t end = std::min(controllers.find(','), controllers.size());
    if (controllers.substr(0, end) == wanted) return true;
    controllers.remove_prefix(std::min(end + 1, controllers.size()));
  }
  return false;
}

struct Limit {
  std::uint64_t value = 0;
  std::filesystem::path folder;  // of the cgroup that has it
};

void take_lower(std::optional<Limit>& lowest, std::optional<Limit> other) {
  if (other && (!lowest || other->value < lowest->value)) lowest = std::move(other);
}

/// The lowest of the limits from `path` up to the root of the hierarchy.
std::optional<Limit> lowest_on_the_way(const std::filesystem::path& hierarchy, std::filesystem::path path,
                                       const char* file) {
  std::optional<Limit> lowest;
  while (true) {
    const std::filesystem::path folder = hierarchy / path.relative_path();
    const auto limit = read_cgroup_number(folder / file);
    if (limit && *limit < kNoLimitV1) take_lower(lowest, Limit{.value = *limit, .folder = folder});
    if (!path.has_relative_path()) return lowest;
    path = path.parent_path();
  }
}

/// Of a controller whose limit stands in one file in version 2, in another one in version 1.
std::optional<Limit> lowest_limit(const std::vector<CgroupLine>& lines, const std::filesystem::path& mount,
                                  const char* controller, const char* file, const char* file_v1) {
  std::optional<Limit> lowest;
  const auto take = [&](const std::filesystem::path& hierarchy, const std::string& path, const char* name) {
    take_lower(lowest, lowest_on_the_way(hierarchy, path, name));
  };
  for (const CgroupLine& line : lines) {
    if (line.controllers.empty()) {
      take(mount, line.path, file);
      take(mount / "unified", line.path, file);
    } else if (lists(line.controllers, controller)) {
      take(mount / controller, line.path, file_v1);
    }
  }
  return lowest;
}

}  // namespace

std::vector<CgroupLine> parse_cgroup(std::string_view text) {
  std::vector<CgroupLine> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    lines.push_back({std::string{line.substr(first + 1, second - first - 1)}, std::string{line.substr(second + 1)}});
  }
  return lines;
}

std::string container_id_of(const std::vector<CgroupLine>& lines) {
  std::string id;
  std::size_t depth = 0;
  for (const CgroupLine& line : lines) {
    std::size_t begin = 0;
    for (std::size_t i = 0; i <= line.path.size(); ++i) {
      if (i < line.path.size() && is_hexadecimal(line.path[i])) continue;
      if (i - begin == kContainerDigits && begin >= depth) {
        id = line.path.substr(begin, kContainerDigits);
        depth = begin;
      }
      begin = i + 1;
    }
  }
  return id;
}

std::string pod_uid_of(const std::vector<CgroupLine>& lines) {
  constexpr std::size_t kUidLength = 36;
  for (const CgroupLine& line : lines) {
    for (std::size_t at = line.path.find("pod"); at != std::string::npos; at = line.path.find("pod", at + 1)) {
      std::string uid = line.path.substr(at + 3, kUidLength);
      // systemd's slices have underscores in place of dashes.
      std::ranges::replace(uid, '_', '-');
      const auto dashes = std::ranges::count(uid, '-');
      const bool plain = std::ranges::all_of(uid, [](char c) { return is_hexadecimal(c) || c == '-'; });
      if (uid.size() == kUidLength && dashes == 4 && plain) return uid;
    }
  }
  return {};
}

std::optional<Bytes> cgroup_memory_limit(const std::vector<CgroupLine>& lines, const std::filesystem::path& mount) {
  const auto lowest = lowest_limit(lines, mount, "memory", "memory.max", "memory.limit_in_bytes");
  return lowest ? std::optional{Bytes{lowest->value}} : std::nullopt;
}

std::optional<CgroupThreadLimit> cgroup_thread_limit(const std::vector<CgroupLine>& lines,
                                                     const std::filesystem::path& mount) {
  const auto lowest = lowest_limit(lines, mount, "pids", "pids.max", "pids.max");
  if (!lowest) return std::nullopt;
  return CgroupThreadLimit{.limit = lowest->value, .in_use = lowest->folder / "pids.current"};
}

std::optional<std::uint64_t> read_cgroup_number(const std::filesystem::path& file) {
  const UniqueFd fd{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
  std::array<char, 32> text{};
  const ssize_t size = fd.valid() ? ::read(fd.get(), text.data(), text.size()) : -1;
  if (size <= 0) return std::nullopt;
  std::uint64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + size, value);
  return parsed.ec == std::errc{} ? std::optional{value} : std::nullopt;
}

bool cgroup_is_frozen(const std::vector<CgroupLine>& lines, const std::filesystem::path& mount) {
  const auto says = [](const std::filesystem::path& file, std::string_view word) {
    std::ifstream stream{file};
    std::string line;
    while (std::getline(stream, line)) {
      if (line == word) return true;
    }
    return false;
  };
  return std::ranges::any_of(lines, [&](const CgroupLine& line) {
    const std::string path = line.path.substr(line.path.starts_with('/') ? 1 : 0);
    if (lists(line.controllers, "freezer")) return says(mount / "freezer" / path / "freezer.state", "FROZEN");
    return line.controllers.empty() && says(mount / path / "cgroup.events", "frozen 1");
  });
}

}  // namespace proctor
