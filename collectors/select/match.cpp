#include "collectors/select/match.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <vector>

#include "base/text.h"
#include "base/unique_fd.h"

namespace proctor {
namespace {

constexpr std::size_t kShownContainerDigits = 12;  // as container tools print an id

/// Searches a pattern; what its groups captured is added to `groups`.
bool search(const Pattern& pattern, const std::string& text, std::vector<std::string>& groups) {
  const auto count = static_cast<std::size_t>(pattern.expression->NumberOfCapturingGroups()) + 1;
  std::vector<re2::StringPiece> found(count);
  if (!pattern.expression->Match(text, 0, text.size(), re2::RE2::UNANCHORED, found.data(), static_cast<int>(count))) {
    return false;
  }
  for (std::size_t i = 1; i < count; ++i) groups.emplace_back(found[i].data(), found[i].size());
  return true;
}

/// A pattern without a slash is about the name alone, which unlike comm is not cut to 15 bytes.
bool exe_matches(const std::string& pattern, const std::string& path) {
  return glob_matches(pattern, pattern.find('/') == std::string::npos ? path.substr(path.rfind('/') + 1) : path);
}

bool holds(const MatchRule& rule, ProcessFacts& facts, std::vector<std::string>& groups) {
  if (rule.pid && Pid{*rule.pid} != facts.pid()) return false;
  if (rule.comm && *rule.comm != facts.comm()) return false;
  if (rule.comm_glob && !glob_matches(*rule.comm_glob, facts.comm())) return false;
  if (rule.pid_file && read_pid_file(*rule.pid_file) != facts.pid()) return false;
  if (rule.exe && !exe_matches(*rule.exe, facts.exe())) return false;
  if (rule.user && *rule.user != facts.user()) return false;
  if (rule.cmdline && !search(*rule.cmdline, facts.cmdline(), groups)) return false;
  if (rule.cgroup && !search(*rule.cgroup, facts.cgroup_text(), groups)) return false;
  return !rule.listen_port || facts.listens_on(*rule.listen_port);
}

std::string value_of(std::string_view placeholder, ProcessFacts& facts, const std::vector<std::string>& groups) {
  if (placeholder == "comm") return facts.comm();
  if (placeholder == "exe_base") return facts.exe().substr(facts.exe().rfind('/') + 1);
  if (placeholder == "container") return container_id_of(facts.cgroups()).substr(0, kShownContainerDigits);
  if (placeholder == "pid") return std::to_string(number(facts.pid()));
  std::size_t group = 0;
  std::from_chars(placeholder.data(), placeholder.data() + placeholder.size(), group);
  return group >= 1 && group <= groups.size() ? groups[group - 1] : std::string{};
}

}  // namespace

std::optional<Pid> read_pid_file(const std::string& path) {
  // Not to hang on a pipe that stands in its place.
  const UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  std::array<char, 32> text{};
  const ssize_t size = file.valid() ? ::read(file.get(), text.data(), text.size()) : -1;
  std::int32_t value = 0;
  if (size <= 0 || std::from_chars(text.data(), text.data() + size, value).ec != std::errc{} || value <= 0) {
    return std::nullopt;
  }
  return Pid{value};
}

std::optional<std::string> match(const TargetRule& rule, ProcessFacts& facts) {
  std::vector<std::string> groups;
  if (!holds(rule.match, facts, groups)) return std::nullopt;
  std::string name;
  std::string_view rest = rule.name;
  while (true) {
    const std::size_t begin = rest.find("{{");
    const std::size_t end = begin == std::string_view::npos ? begin : rest.find("}}", begin);
    name += rest.substr(0, end == std::string_view::npos ? end : begin);
    if (end == std::string_view::npos) return to_valid_utf8(name);
    name += value_of(rest.substr(begin + 2, end - begin - 2), facts, groups);
    rest.remove_prefix(end + 2);
  }
}

}  // namespace proctor
