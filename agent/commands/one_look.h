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

namespace proctor {

/// A watcher of one process alone, with the collectors named, or all that apply. Errors: that of the procfs or the
/// process.
Result<std::unique_ptr<Watcher>> watch_one(const std::filesystem::path& procfs, std::int32_t pid,
                                           std::vector<std::string> collectors, const Clock& clock,
                                           Looks looks = Looks::many);

/// Looks at one process once, with the collectors named, or all that apply. Errors: that of the procfs or the process;
/// not_found where it is none that is watched: a kernel thread, or this program itself. Looks::one also finds what
/// takes longer.
Result<std::shared_ptr<const TargetReport>> look_once(const std::filesystem::path& procfs, std::int32_t pid,
                                                      std::vector<std::string> collectors, Looks looks);

}  // namespace proctor
