#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "collectors/go/timers.h"
#include "collectors/observation/timer_snapshot.h"

namespace proctor {

/// The timers of one Go process over many looks: one that is still set for the same time is not read again.
class TimerHistory {
 public:
  /// `process` outlives it.
  explicit TimerHistory(const GoProcess& process) : process_(&process) {}

  /// The timers now. Errors: those of list_timers.
  Result<std::shared_ptr<const TimerSnapshot>> look();

 private:
  struct Known {
    std::int64_t when = 0;
    std::uint32_t site = 0;
    bool dead = false;
  };

  std::uint32_t site_of(const GoTimer& timer);
  const std::string& name_of(RemoteAddress function);

  const GoProcess* process_;
  std::unordered_map<std::uint64_t, Known> known_;  // by address
  std::unordered_map<std::uint64_t, std::string> names_;
  std::unordered_map<SiteId, std::uint32_t> known_sites_;
  std::vector<SiteRef> sites_;
};

}  // namespace proctor
