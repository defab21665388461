#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "collectors/os/cgroup.h"
#include "collectors/os/proc_root.h"
#include "collectors/os/socket_table.h"

namespace proctor {

/// What rules ask of a process, read when it is asked for and once only. What may not be read is empty.
class ProcessFacts {
 public:
  ProcessFacts(const ProcDir& process, std::string comm) : process_(process), comm_(std::move(comm)) {}

  Pid pid() const { return process_.pid(); }
  const std::string& comm() const { return comm_; }
  /// The path of the executable without the kernel's " (deleted)".
  const std::string& exe();
  bool exe_deleted();
  /// The arguments joined by spaces, at most 64 KiB of them; a rewritten title without its trailing NULs.
  const std::string& cmdline();
  /// The name of the real user, or its number where it has none here.
  const std::string& user();
  const std::string& cgroup_text();
  const std::vector<CgroupLine>& cgroups();
  /// Whether one of its TCP sockets listens on a port, in its own network namespace.
  bool listens_on(std::uint16_t port);

 private:
  const ProcDir& process_;
  std::string comm_;
  std::optional<std::string> exe_;
  bool exe_deleted_ = false;
  std::optional<std::string> cmdline_;
  std::optional<std::string> user_;
  std::optional<std::string> cgroup_text_;
  std::optional<std::vector<CgroupLine>> cgroups_;
  std::optional<std::vector<std::uint16_t>> listening_;
};

}  // namespace proctor
