#include "collectors/select/process_facts.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "collectors/os/proc_status.h"

namespace proctor {
namespace {

constexpr std::string_view kDeleted = " (deleted)";
constexpr std::size_t kMaxCmdline = std::size_t{64} << 10;
constexpr std::size_t kMaxDescriptors = 100'000;

/// The whole of a short file, or the beginning of a long one; empty where it may not be read.
std::string beginning_of(const ProcDir& process, const char* name, std::size_t limit) {
  const auto file = process.open_file(name);
  if (!file) return {};
  std::string text(limit, '\0');
  std::size_t size = 0;
  while (size < limit) {
    const ssize_t got = ::read(file->get(), text.data() + size, limit - size);
    if (got <= 0) break;
    size += static_cast<std::size_t>(got);
  }
  text.resize(size);
  return text;
}

std::string user_name(std::uint32_t uid) {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) return found->pw_name;
  return std::to_string(uid);
}

/// The inode of "socket:[4711]".
std::optional<Inode> socket_inode(std::string_view link) {
  constexpr std::string_view kPrefix = "socket:[";
  if (!link.starts_with(kPrefix)) return std::nullopt;
  std::uint64_t value = 0;
  std::from_chars(link.data() + kPrefix.size(), link.data() + link.size(), value);
  return Inode{value};
}

}  // namespace

const std::string& ProcessFacts::exe() {
  if (!exe_) {
    exe_ = process_.read_link("exe").value_or(std::string{});
    exe_deleted_ = exe_->ends_with(kDeleted);
    if (exe_deleted_) exe_->resize(exe_->size() - kDeleted.size());
  }
  return *exe_;
}

bool ProcessFacts::exe_deleted() {
  (void)exe();
  return exe_deleted_;
}

const std::string& ProcessFacts::cmdline() {
  if (!cmdline_) {
    cmdline_ = beginning_of(process_, "cmdline", kMaxCmdline);
    cmdline_->resize(cmdline_->find_last_not_of('\0') + 1);
    std::ranges::replace(*cmdline_, '\0', ' ');
  }
  return *cmdline_;
}

const std::string& ProcessFacts::user() {
  if (!user_) {
    const auto status = read_proc_status(process_);
    user_ = status && status->real_uid ? user_name(*status->real_uid) : std::string{};
  }
  return *user_;
}

const std::string& ProcessFacts::cgroup_text() {
  if (!cgroup_text_) cgroup_text_ = process_.read_file("cgroup").value_or(std::string{});
  return *cgroup_text_;
}

const std::vector<CgroupLine>& ProcessFacts::cgroups() {
  if (!cgroups_) cgroups_ = parse_cgroup(cgroup_text());
  return *cgroups_;
}

bool ProcessFacts::listens_on(std::uint16_t port) {
  if (!listening_) {
    listening_.emplace();
    SocketTable table;
    for (const char* name : {"net/tcp", "net/tcp6"}) {
      if (const auto text = process_.read_file(name)) parse_inet_sockets(*text, "tcp", table);
    }
    const auto descriptors = process_.list_numbers("fd").value_or(std::vector<std::int32_t>{});
    for (std::size_t i = 0; i < std::min(descriptors.size(), kMaxDescriptors); ++i) {
      const auto link = process_.read_link(("fd/" + std::to_string(descriptors[i])).c_str());
      const auto inode = link ? socket_inode(*link) : std::nullopt;
      const auto entry = inode ? table.find(*inode) : table.end();
      if (entry != table.end() && entry->second.state == "listen") listening_->push_back(entry->second.local_port);
    }
  }
  return std::ranges::find(*listening_, port) != listening_->end();
}

}  // namespace proctor
