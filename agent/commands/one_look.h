#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "agent/app/collectors.h"
#include "agent/app/watcher.h"
#include "agent/publication/publication.h"
#include "base/clock.h"
#include "base/result.h"
#include "config/config.h"

namespace proctor {

/// How a command looks at the one process that it names.
struct OneTarget {
  std::filesystem::path procfs;
  std::int32_t pid = 0;
  std::vector<std::string> collectors;  // empty: all that apply
  ThreadStacks thread_stacks = ThreadStacks::blocked;
};

/// A watcher of one process alone. Errors: that of the procfs or the process.
Result<std::unique_ptr<Watcher>> watch_one(const OneTarget& target, const Clock& clock, Looks looks = Looks::many);

/// Looks at one process once. Errors: that of the procfs or the process; not_found where it is none that is watched: a
/// kernel thread, or this program itself. Looks::one also finds what takes longer.
Result<std::shared_ptr<const TargetReport>> look_once(const OneTarget& target, Looks looks);

}  // namespace proctor
