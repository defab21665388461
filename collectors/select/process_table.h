#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "collectors/os/proc_root.h"
#include "collectors/os/proc_stat.h"

namespace proctor {

/// A process as one pass over the procfs saw it.
struct ProcessEntry {
  Pid pid{};
  ProcStat stat;
};

/// Every process but kernel threads and ourselves, ascending by number. What ends in the midst is not there.
Result<std::vector<ProcessEntry>> list_process_table(const ProcRoot& root);

}  // namespace proctor
