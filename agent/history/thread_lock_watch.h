#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "base/address.h"
#include "base/units.h"
#include "collectors/observation/lock_snapshot.h"
#include "collectors/observation/thread_snapshot.h"

namespace proctor {

/// Since when a thread has waited for a native lock without having run, while the same thread held it.
class ThreadLockWatch {
 public:
  /// `threads` are those of the same look.
  void update(const LockSnapshot& locks, const ThreadSnapshot& threads, MonotonicTime now);
  /// Of the one that has waited longest at this lock. Nothing where nobody waits.
  std::optional<MonotonicTime> stuck_since(RemoteAddress lock) const;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(waits_);
  }

 private:
  struct Wait {
    Tid owner{};
    std::uint64_t switches = 0;
    MonotonicTime since{};
    bool seen = false;  // in the last look

    template <class Archive>
    void serialize(Archive& archive) {
      archive(owner, switches, since, seen);
    }
  };
  std::map<std::pair<std::uint64_t, Tid>, Wait> waits_;  // by lock and waiter
};

}  // namespace proctor
