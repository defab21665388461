#pragma once

#include <filesystem>
#include <memory>

#include "base/clock.h"
#include "collectors/observation/observation.h"

namespace proctor {

/// Every thread: its state, its name and, where it sleeps, what for. A thread that has not run since the last look is
/// not read again. Where the target's rule wants it, with the stacks of those that are blocked. `clock` outlives it.
std::unique_ptr<Collector> make_thread_collector(const std::filesystem::path& procfs, const Clock& clock);

}  // namespace proctor
