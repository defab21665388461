#pragma once

#include <filesystem>
#include <string>
#include <unordered_map>

#include "agent/app/target_record.h"
#include "base/result.h"
#include "collectors/select/target.h"

namespace proctor {

using TargetRecords = std::unordered_map<TargetIdentity, TargetRecord>;

/// Writes what verdicts need of every target. `boot` names the boot of the machine: times and numbers of processes are
/// only of that. Errors: those of the file system.
Result<void> save_records(const std::filesystem::path& file, const std::string& boot, const TargetRecords& records);

/// The records of a file that was written in the same boot; none where it was another one, or there is no file. They
/// take the limits and rules of `config`. Errors: malformed, not_supported, those of the file system.
Result<TargetRecords> load_records(const std::filesystem::path& file, const std::string& boot, const Config& config);

}  // namespace proctor
