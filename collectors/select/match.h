#pragma once

#include <optional>
#include <string>

#include "collectors/select/process_facts.h"
#include "config/config.h"

namespace proctor {

/// The name of a target that `rule` matches: its template filled in, valid UTF-8, bounded. Nothing where a condition
/// does not hold.
std::optional<std::string> match(const TargetRule& rule, ProcessFacts& facts);

/// The number in a file that holds a process number; nothing where it is missing or holds something else.
std::optional<Pid> read_pid_file(const std::string& path);

}  // namespace proctor
