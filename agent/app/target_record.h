#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "agent/findings/crash_loop.h"
#include "agent/findings/finding.h"
#include "agent/findings/stuck_finalizer.h"
#include "agent/history/allocation_history.h"
#include "agent/history/collections.h"
#include "agent/history/lock_watch.h"
#include "agent/history/series.h"
#include "agent/history/thread_lock_watch.h"
#include "agent/ledger/past_heights.h"
#include "agent/ledger/population_set.h"
#include "agent/publication/publication.h"
#include "config/config.h"

namespace proctor {

/// What is known of one process over time: its populations, the past of what can run out, and what stands against it.
class TargetRecord {
 public:
  TargetRecord(const FindingsConfig& findings, const LimitsConfig& limits);

  /// Other limits and rules from the next look on. What is known of the process stays; what is judged over a window of
  /// another length begins anew.
  void reconfigure(const FindingsConfig& findings, const LimitsConfig& limits);

  /// Takes in a look and tells all that is known after it. `before`: how the processes of this target before it ended.
  TargetReport update(const std::shared_ptr<const Observation>& observation, std::span<const Ending> before = {});
  /// How the process ended, if it has; nothing where no limit had to do with it.
  std::optional<Ending> ending() const;

  /// What verdicts need, for a state file; read into a record that has seen no look yet. It takes the limits and rules
  /// of then: reconfigure it. Not kept: the tracks of figures, the past of sites, what allocates, the
  /// way to a limit, and what is known anew within seconds.
  template <class Archive>
  void serialize(Archive& archive) {
    archive(config_.window, max_sites_, populations_, held_memory_, memory_heights_, malloc_free_, locks_,
            thread_locks_, resident_, open_fds_, threads_, cgroup_threads_, mappings_, first_threads_, first_mappings_,
            standing_);
  }

 private:
  void remember(const Observation& observation);
  void remember_sites(WallTime at, const std::vector<PopulationView>& populations);
  void track(std::string_view figure, WallTime at, double value);
  std::vector<Finding> detect(const Observation& observation, const std::vector<PopulationView>& populations);
  std::optional<AllocationGrowth> growing_allocation() const;
  std::vector<Exhaustion> exhaustion(const Observation& observation) const;

  FindingsConfig config_;
  std::uint32_t max_sites_;
  PopulationSet populations_;
  Series held_memory_;                              // resident anonymous memory that is in use, in bytes
  Collections collections_;                         // of a Go heap
  PastHeights memory_heights_;                      // of the same
  std::unique_ptr<AllocationHistory> allocations_;  // only of a process whose allocations or page faults are sampled
  Series malloc_free_;                              // bytes that glibc's malloc has and nobody uses
  FinalizerWatch finalizers_;
  LockWatch locks_;
  ThreadLockWatch thread_locks_;
  Series resident_;  // bytes
  Series open_fds_;
  Series threads_;         // from the first change on, as the next: of most processes neither changes
  Series cgroup_threads_;  // of all processes in the cgroup that limits them
  Series mappings_;
  double first_threads_ = 0;
  double first_mappings_ = 0;
  std::shared_ptr<const History> history_ = std::make_shared<History>();
  std::shared_ptr<const SitePast> site_past_ = std::make_shared<SitePast>();
  LimitPast limit_past_;
  std::vector<Finding> standing_;  // of the last look: `since` of a finding is kept
};

}  // namespace proctor
