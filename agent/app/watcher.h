#pragma once

#include <memory>
#include <optional>
#include <set>
#include <unordered_map>

#include "agent/app/ended_processes.h"
#include "agent/app/saved_records.h"
#include "agent/app/target_record.h"
#include "agent/findings/crash_loop.h"
#include "agent/publication/publication.h"
#include "agent/sampling/look.h"
#include "agent/sampling/pace.h"
#include "base/clock.h"
#include "collectors/select/selector.h"

namespace proctor {

/// Looks at every target in rounds, keeps their records, and publishes what it saw. One thread owns it.
class Watcher {
 public:
  Watcher(ProcRoot root, Config config, const Clock& clock, Collectors collectors);

  /// Selects, looks at every target once, and gives the Publication of that.
  std::shared_ptr<const Publication> round();
  /// From the begin of a round to the begin of the next, within the CPU budget.
  Nanoseconds period() const { return pace_.period(); }
  /// Takes up what an agent before this one knew of processes that are still there: before the first round. Tells of
  /// how many it knew. Errors: those of load_records; then nothing is known.
  Result<std::size_t> restore(const std::filesystem::path& file);
  /// Writes what verdicts need. Errors: those of the file system; the file stays as it was.
  Result<void> save(const std::filesystem::path& file);
  /// Another configuration from the next round on. Records of processes that stay targets are kept.
  void reconfigure(Config config);

 private:
  std::shared_ptr<const TargetReport> report_on(const Target& target);
  void forget(const TargetIdentity& target);
  void forget_others(const Selection& selection);
  void count_starts(const Selection& selection);
  void keep_memory_budget(const Publication& publication);

  std::filesystem::path procfs_;
  std::string boot_;  // its name; empty where procfs does not tell
  std::shared_ptr<const Config> config_;
  const Clock& clock_;
  Collectors collectors_;
  Selector selector_;
  Pace pace_;
  TargetRecords records_;
  std::unordered_map<TargetIdentity, std::shared_ptr<const TargetReport>> merged_;  // the last report on each
  EndedProcesses ended_;
  std::unordered_map<TargetIdentity, std::string> names_;  // of the targets
  Endings endings_;
  std::set<TargetIdentity> without_goroutines_;  // since the agent's memory is bounded
  std::map<std::string, DurationHistogram> durations_;
  std::map<std::string, std::uint64_t> skipped_;
  std::optional<std::set<TargetIdentity>> known_;  // the targets of the round before; nothing before the first
  std::map<std::string, std::uint64_t> starts_;    // by target
  std::size_t expected_bytes_ = 0;                 // of the next exposition
};

}  // namespace proctor
