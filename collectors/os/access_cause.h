#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "collectors/os/proc_root.h"

namespace proctor {

/// What decides whether one process may read another. What cannot be read is absent.
struct AccessFacts {
  std::uint32_t own_user = 0;          // effective
  std::uint64_t own_capabilities = 0;  // effective, as bits
  bool filtered = false;               // by seccomp
  bool whole_user_namespace = true;    // ours is the machine's own
  std::optional<int> yama;             // kernel.yama.ptrace_scope; absent without Yama
  std::optional<std::uint32_t> target_user;
  std::optional<std::uint32_t> owner;  // of the target's files in /proc: root's where it is not dumpable
};

/// Whether the rights of the kernel's own rules are there, and what is probably in the way where access is refused.
struct AccessCause {
  std::string why;   // "another user's (uid 33) process"
  std::string mend;  // what to do
};

AccessFacts read_access_facts(const ProcRoot& root, const ProcDir& process);
/// For a process whose memory or descriptors are refused with these facts.
AccessCause likely_cause(const AccessFacts& facts);

}  // namespace proctor
