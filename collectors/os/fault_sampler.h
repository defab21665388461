#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "collectors/os/perf_ring.h"
#include "collectors/os/proc_root.h"
#include "collectors/os/running_threads.h"

namespace proctor {

/// A page that a thread touched first, and what it did then.
struct PageFault {
  RemoteAddress address{};
  double faults = 0;  // that it stands for
  ThreadCopy thread;
};

/// Samples the page faults of all threads of a process, also of those that it begins later: one in so many that what is
/// waiting to be taken finds room. The kernel does so within the fault itself; nothing is stopped. A thread that ends
/// before it had so many is not seen.
class FaultSampler {
 public:
  /// Errors: permission_denied, not_supported, target_gone, and limit_reached where threads times processors are more
  /// than kMostEvents.
  static Result<FaultSampler> attach(const ProcDir& process);

  /// The samples since the last time. Errors: those of attach, where it samples more or less often from now on.
  Result<std::vector<PageFault>> take(const ProcDir& process);

 private:
  static constexpr std::size_t kMostEvents = 4096;

  FaultSampler() = default;
  /// The events of all threads on one processor.
  struct Processor {
    PerfRing ring;
    std::uint64_t told = 0;  // of its events, by samples that were taken
  };
  static Result<std::vector<Processor>> open(const ProcDir& process, std::uint64_t period);

  std::size_t pace_ = 0;  // index into the periods
  int quiet_looks_ = 0;   // in a row, with hardly a sample
  std::vector<Processor> processors_;
};

}  // namespace proctor
