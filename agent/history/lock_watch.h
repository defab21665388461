#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "base/address.h"
#include "base/units.h"
#include "collectors/observation/goroutine_snapshot.h"

namespace proctor {

/// Since when the same goroutine has been the next to get a lock, by the lock's semaphore: as long as it is, nobody has
/// got the lock.
class LockWatch {
 public:
  void update(const GoroutineSnapshot& snapshot, MonotonicTime now);
  /// Nothing where nobody waits.
  std::optional<MonotonicTime> stuck_since(RemoteAddress semaphore) const;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(heads_);
  }

 private:
  struct Head {
    std::uint64_t goid = 0;
    std::uint8_t wait_token = 0;
    MonotonicTime since{};
    bool seen = false;  // in the last look

    template <class Archive>
    void serialize(Archive& archive) {
      archive(goid, wait_token, since, seen);
    }
  };
  std::map<std::uint64_t, Head> heads_;  // by semaphore
};

}  // namespace proctor
