#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "collectors/go/context_deadline.h"
#include "collectors/observation/goroutine_snapshot.h"

namespace proctor {

/// Which goroutines wait although the context that they hold was cancelled. Nothing tells when that happens, so their
/// contexts are read again by turns, at most so many in one look.
class CancelledContexts {
 public:
  /// Reads some of them. `goroutines`: of this look, all of them. Ascending by index.
  std::vector<CancelledWait> look(const GoProcess& process, const ContextTypes& types,
                                  const std::vector<GoroutineSample>& goroutines, WallTime now);

 private:
  static constexpr std::size_t kMostRead = 2'000;
  static constexpr std::size_t kMostPassed = 50'000;
  static constexpr std::size_t kMostKnown = 100'000;

  struct Known {
    RemoteAddress context{};
    std::uint8_t wait_token = 0;  // of the wait that it was seen in
    std::uint32_t site = 0;
    WallTime seen_at{};
  };

  std::vector<std::size_t> next(const std::vector<GoroutineSample>& goroutines);

  std::unordered_map<std::uint64_t, Known> known_;  // by goid
  std::size_t turn_ = 0;                            // where the next look begins
};

}  // namespace proctor
