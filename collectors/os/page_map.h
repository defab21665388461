#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"
#include "collectors/os/proc_root.h"

namespace proctor {

/// Which pages a process has: /proc/PID/pagemap.
class PageMap {
 public:
  /// Errors: permission_denied, target_gone.
  static Result<PageMap> open(const ProcDir& process);

  /// For each address, which ascend: whether there is a page of no file, in memory or swapped out.
  Result<std::vector<bool>> holds_anonymous(std::span<const RemoteAddress> addresses) const;
  /// The size of the page that holds an address: that of a huge one where the kernel can tell (Linux 6.7).
  Bytes page_size_at(RemoteAddress address) const;

 private:
  explicit PageMap(UniqueFd file) : file_(std::move(file)) {}
  UniqueFd file_;
};

}  // namespace proctor
