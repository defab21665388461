#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "collectors/os/proc_root.h"
#include "collectors/select/executables.h"
#include "collectors/select/process_table.h"
#include "collectors/select/target.h"
#include "config/config.h"

namespace proctor {

/// The targets of one round.
struct Selection {
  std::vector<std::shared_ptr<const Target>> targets;      // by name, then number
  std::vector<TargetIdentity> gone;                        // targets of the round before that are none any more
  std::map<std::string, std::uint64_t> processes_by_name;  // every configured name without a template, 0 where none
  std::uint64_t dropped = 0;                               // matched, but above limits.targets
  bool unreadable = false;                                 // the processes could not be listed: those of before
};

/// Decides which processes are targets. A process is judged anew when it takes another name or runs another program,
/// so that a service is found whatever it was at first sight.
class Selector {
 public:
  Selector(ProcRoot root, std::shared_ptr<const Config> config) : root_(std::move(root)), config_(std::move(config)) {}

  Selection select();
  void reconfigure(std::shared_ptr<const Config> config);

 private:
  /// A process that was judged.
  struct Judged {
    StartTime start_time{};
    std::string comm;
    std::string exe_link;
    std::uint64_t round = 0;         // of the last judgement
    std::shared_ptr<Target> target;  // null for one that no rule matches
    bool by_descent = false;         // a target for its ancestor's sake
  };
  using Processes = std::unordered_map<Pid, Judged>;

  void judge(const ProcessEntry& entry, Judged& judged);
  bool is_stale(const ProcessEntry& entry, const Judged& judged) const;
  void adopt_descendants(const std::vector<ProcessEntry>& table, Processes& processes);
  std::shared_ptr<Target> make_target(ProcDir process, const ProcessEntry& entry, std::string name,
                                      std::shared_ptr<const TargetRule> rule);
  WallTime boot_time();

  ProcRoot root_;
  std::shared_ptr<const Config> config_;
  Executables executables_;
  Processes processes_;
  std::vector<TargetIdentity> last_targets_;
  Selection last_;
  std::uint64_t round_ = 0;
  std::optional<WallTime> boot_time_;
};

}  // namespace proctor
