#include "collectors/select/process_table.h"

#include <charconv>

namespace proctor {
namespace {

/// Our own number in this procfs, which need not be that of our own PID namespace.
Pid own_pid(const ProcRoot& root) {
  const auto self = root.read_link("self");
  std::int32_t value = 0;
  if (self) std::from_chars(self->data(), self->data() + self->size(), value);
  return Pid{value};
}

}  // namespace

Result<std::vector<ProcessEntry>> list_process_table(const ProcRoot& root) {
  const Pid self = own_pid(root);
  const std::vector<Pid> pids = PROCTOR_TRY(root.list_processes());
  std::vector<ProcessEntry> table;
  table.reserve(pids.size());
  for (const Pid pid : pids) {
    if (pid == self) continue;
    const auto text = root.read_file(fmt::format("{}/stat", number(pid)).c_str());
    auto stat = text ? parse_proc_stat(*text) : Result<ProcStat>{tl::unexpected(text.error())};
    if (!stat || stat->is_kernel_thread() || stat->state == 'X') continue;
    table.push_back({pid, *std::move(stat)});
  }
  return table;
}

}  // namespace proctor
