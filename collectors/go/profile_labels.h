#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "collectors/go/layout.h"
#include "collectors/os/memory_reader.h"

namespace proctor {

/// What pprof.Do and its kin set on a goroutine, sorted by key.
using ProfileLabels = std::vector<std::pair<std::string, std::string>>;

/// The labels at g.labels; none for 0. Bounded: implausible for more labels, or longer ones, than a program sets.
Result<ProfileLabels> read_profile_labels(const MemoryReader& memory, RemoteAddress labels, const GoLayout& layout);

}  // namespace proctor
