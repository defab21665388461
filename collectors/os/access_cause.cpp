#include "collectors/os/access_cause.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "collectors/os/proc_status.h"

namespace proctor {
namespace {

constexpr std::uint64_t kDacOverride = std::uint64_t{1} << 1;
constexpr std::uint64_t kDacReadSearch = std::uint64_t{1} << 2;
constexpr std::uint64_t kSysPtrace = std::uint64_t{1} << 19;

constexpr const char* kBoth =
    "give CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH (AmbientCapabilities=, securityContext.capabilities.add: [SYS_PTRACE, "
    "DAC_READ_SEARCH], setcap cap_sys_ptrace,cap_dac_read_search+ep), or run as root";

/// The text behind "Name:" and blanks, to the end of its line; empty where there is none.
std::string_view field(std::string_view text, std::string_view name) {
  for (std::size_t at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
    if (at != 0 && text[at - 1] != '\n') continue;
    std::string_view line = text.substr(at + name.size());
    line = line.substr(0, line.find('\n'));
    line.remove_prefix(std::min(line.find_first_not_of(": \t"), line.size()));
    return line;
  }
  return {};
}

template <typename Number>
std::optional<Number> number_in(std::string_view text, int base = 10) {
  Number value{};
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return parsed.ec == std::errc{} ? std::optional{value} : std::nullopt;
}

}  // namespace

AccessFacts read_access_facts(const ProcRoot& root, const ProcDir& process) {
  AccessFacts facts{.own_user = ::geteuid()};
  const std::string own = root.read_file("self/status").value_or("");
  facts.own_capabilities = number_in<std::uint64_t>(field(own, "CapEff"), 16).value_or(0);
  facts.filtered = number_in<int>(field(own, "Seccomp")).value_or(0) != 0;
  const std::string map = root.read_file("self/uid_map").value_or("");
  facts.whole_user_namespace = map.find("4294967295") != std::string::npos;
  if (const auto scope = root.read_file("sys/kernel/yama/ptrace_scope")) facts.yama = number_in<int>(*scope);
  if (const auto status = read_proc_status(process)) facts.target_user = status->real_uid;
  struct stat owner {};
  if (::fstatat(process.directory_fd(), "fd", &owner, AT_SYMLINK_NOFOLLOW) == 0) facts.owner = owner.st_uid;
  return facts;
}

AccessCause likely_cause(const AccessFacts& facts) {
  const bool may_trace = (facts.own_capabilities & kSysPtrace) != 0;
  const bool may_open = (facts.own_capabilities & (kDacOverride | kDacReadSearch)) != 0;
  constexpr int kNobody = 3;
  if (facts.yama == kNobody) {
    return {.why = "Yama lets nobody read another process (kernel.yama.ptrace_scope is 3)",
            .mend = "set kernel.yama.ptrace_scope to 2 or less in sysctl.d and start the machine anew"};
  }
  if (may_trace && may_open) {
    if (!facts.whole_user_namespace) {
      return {.why = "the agent's capabilities hold in its own user namespace only",
              .mend = "run it in the user namespace of the process: without userns, or hostUsers: true"};
    }
    if (facts.filtered) {
      return {.why = "a seccomp filter on the agent, or a security module",
              .mend = "let process_vm_readv and the files of /proc pass: another seccomp or AppArmor profile, or none"};
    }
    return {
        .why = "a security module, as AppArmor's profile of a container",
        .mend = "run the agent unconfined: --security-opt apparmor=unconfined, appArmorProfile: {type: Unconfined}"};
  }
  const bool same_user = facts.target_user == facts.own_user;
  if (!same_user) {
    const std::string who =
        facts.target_user ? fmt::format("another user's (uid {})", *facts.target_user) : "another user's";
    if (may_trace) return {.why = fmt::format("{} process, and CAP_DAC_READ_SEARCH is missing", who), .mend = kBoth};
    if (may_open) return {.why = fmt::format("{} process, and CAP_SYS_PTRACE is missing", who), .mend = kBoth};
    if (facts.own_user == 0) {
      return {.why = fmt::format("{} process, and this root has no capabilities, as in a container", who),
              .mend = kBoth};
    }
    return {.why = fmt::format("{} process", who), .mend = fmt::format("run as that user, or {}", kBoth)};
  }
  if (facts.owner && *facts.owner != facts.own_user) {
    return {
        .why =
            "the process has made itself unreadable (not dumpable), as those that changed their user or hold secrets",
        .mend = kBoth};
  }
  if (facts.yama.value_or(0) > 0) {
    return {.why = fmt::format("Yama lets a user read only what he started from here (kernel.yama.ptrace_scope is {})",
                               *facts.yama),
            .mend = "sysctl kernel.yama.ptrace_scope=0, or give CAP_SYS_PTRACE"};
  }
  return {.why = "the process has other groups or capabilities than the agent, or a security module is in the way",
          .mend = kBoth};
}

}  // namespace proctor
