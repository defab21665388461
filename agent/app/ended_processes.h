#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/publication/publication.h"

namespace proctor {

/// What the ended processes of merged targets had counted: without it a counter of the target would fall with each.
class EndedProcesses {
 public:
  /// The last report on a process that has ended.
  void add(const TargetReport& last);
  /// One report for each target, of counters alone, by name.
  std::vector<std::shared_ptr<const TargetReport>> reports() const;

 private:
  std::map<std::string, std::shared_ptr<const TargetReport>> by_target_;
};

}  // namespace proctor
