#pragma once

#include <unordered_map>

#include "base/result.h"
#include "base/units.h"
#include "collectors/os/proc_root.h"

namespace proctor {

/// Which unix sockets are connected with which, by inode, in the network namespace of a process; procfs does not tell.
/// Asked of the kernel by sock_diag. Errors: not_supported where that is another namespace than ours, io_error.
Result<std::unordered_map<Inode, Inode>> read_unix_peers(const ProcDir& process);

}  // namespace proctor
