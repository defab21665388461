#include <cstddef>
#include <cstdint>
#include <string_view>

#include "collectors/os/cgroup.h"
#include "collectors/os/memory_files.h"
#include "collectors/os/memory_map.h"
#include "collectors/os/proc_io.h"
#include "collectors/os/proc_limits.h"
#include "collectors/os/proc_stat.h"
#include "collectors/os/proc_status.h"
#include "collectors/os/socket_table.h"
#include "collectors/os/thread_files.h"

/// Every text of procfs: a process chooses its name, its paths and its titles.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  (void)proctor::parse_proc_stat(text);
  (void)proctor::parse_memory_map(text);
  (void)proctor::parse_proc_status(text);
  (void)proctor::parse_proc_limits(text);
  (void)proctor::parse_proc_io(text);
  (void)proctor::parse_smaps_rollup(text);
  (void)proctor::parse_schedstat(text);
  (void)proctor::parse_system_call(text);
  const auto lines = proctor::parse_cgroup(text);
  (void)proctor::container_id_of(lines);
  (void)proctor::pod_uid_of(lines);
  proctor::SocketTable table;
  proctor::parse_inet_sockets(text, "tcp", table);
  proctor::parse_unix_sockets(text, table);
  return 0;
}
