#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "collectors/os/proc_root.h"

namespace proctor {

/// A line of /proc/PID/cgroup: `hierarchy:controllers:path`. The path may hold colons.
struct CgroupLine {
  std::string controllers;  // empty for version 2; "memory", "cpu,cpuacct", "name=systemd"
  std::string path;
};

std::vector<CgroupLine> parse_cgroup(std::string_view text);

/// The innermost run of 64 hexadecimal digits in the paths: how container runtimes name a container. Empty without.
std::string container_id_of(const std::vector<CgroupLine>& lines);
/// The UID that the kubelet puts after "pod" in a path, with dashes. Empty without.
std::string pod_uid_of(const std::vector<CgroupLine>& lines);

/// The lowest memory limit on the way from the process's cgroup to the root of the hierarchy that has the memory
/// controller, version 1 or 2. Absent where nothing limits it, or where `mount` (/sys/fs/cgroup) does not show it.
std::optional<Bytes> cgroup_memory_limit(const std::vector<CgroupLine>& lines, const std::filesystem::path& mount);

/// A limit on the number of threads, of all processes in a cgroup together.
struct CgroupThreadLimit {
  std::uint64_t limit = 0;
  std::filesystem::path in_use;  // the file that tells how many there are
};

/// The same for the number of threads.
std::optional<CgroupThreadLimit> cgroup_thread_limit(const std::vector<CgroupLine>& lines,
                                                     const std::filesystem::path& mount);

/// The number in a file of a cgroup. Absent for "max", and where there is no such file.
std::optional<std::uint64_t> read_cgroup_number(const std::filesystem::path& file);

/// Whether the cgroup of the process is frozen, version 1 or 2: its threads then look as if the kernel waited for a
/// disk.
bool cgroup_is_frozen(const std::vector<CgroupLine>& lines, const std::filesystem::path& mount);

}  // namespace proctor
