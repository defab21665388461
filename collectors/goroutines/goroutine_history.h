#pragma once

#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "collectors/go/go_process.h"
#include "collectors/goroutines/cancelled_contexts.h"
#include "collectors/goroutines/context_finder.h"
#include "collectors/goroutines/goroutine_sites.h"
#include "collectors/goroutines/lock_code.h"
#include "collectors/goroutines/own_locks.h"
#include "collectors/goroutines/poll_finder.h"
#include "collectors/observation/goroutine_snapshot.h"

namespace proctor {

/// One Go process over many looks: what has not moved since the last look is not read again.
class GoroutineHistory {
 public:
  explicit GoroutineHistory(GoProcess process, UserCode user_code = {})
      : process_(std::make_unique<const GoProcess>(std::move(process))),
        user_code_(std::make_unique<const UserCode>(std::move(user_code))),
        sites_(std::make_unique<GoroutineSites>(*process_, *user_code_)),
        contexts_(std::make_unique<ContextFinder>(*process_)),
        cancelled_(std::make_unique<CancelledContexts>()),
        polls_(std::make_unique<PollFinder>(*process_)),
        lock_code_(std::make_unique<LockCode>(*process_)),
        own_locks_(std::make_unique<OwnLocks>(*process_, *lock_code_)) {}

  /// The goroutines now. The same object as before where none has moved, come or gone.
  Result<std::shared_ptr<const GoroutineSnapshot>> look(WallTime now = std::chrono::system_clock::now());
  const GoProcess& process() const { return *process_; }
  const UserCode& user_code() const { return *user_code_; }
  /// The snapshot of the last look; null before the first.
  const std::shared_ptr<const GoroutineSnapshot>& last() const { return last_; }

 private:
  static constexpr std::size_t kMaxChannels = 256;
  static constexpr std::size_t kShownWaiters = 64;  // of one lock
  struct Round;

  /// Reads the deadlines of contexts that are new, and whether those that are due were cancelled in time.
  void read_contexts(Round& round) const;
  /// Reads which descriptors those that are new in "IO wait" wait for.
  void read_descriptors(Round& round) const;
  /// `last_try`: what does not hold together is taken as far as it does.
  Result<void> read(std::span<const RemoteAddress> addresses, bool last_try, Round& round);
  GoroutineSample describe(const CapturedGoroutine& captured, const GoroutineSites::Place& place, Round& round);
  /// Reads what the first member of each site waits for. `standing` and the snapshot's samples are in the same order.
  void describe_waits(const std::vector<RawGoroutine::Still>& standing, GoroutineSnapshot& snapshot) const;
  /// Who waits for which lock. Before Go 1.26 only the runtime's table tells.
  void describe_locks(const std::vector<RawGoroutine::Still>& standing, GoroutineSnapshot& snapshot) const;
  /// Who holds the locks at fixed addresses that are waited for.
  void find_holders(GoroutineSnapshot& snapshot) const;
  /// Who stands between locking and unlocking, where some wait for a lock.
  void find_locking(GoroutineSnapshot& snapshot) const;
  HeldSides sides_of(const GoroutineStack& stack) const;
  bool starts_in_runtime(RemoteAddress startpc);

  std::unique_ptr<const GoProcess> process_;
  std::unique_ptr<const UserCode> user_code_;
  std::unique_ptr<GoroutineSites> sites_;
  std::unique_ptr<ContextFinder> contexts_;
  std::unique_ptr<CancelledContexts> cancelled_;
  std::unique_ptr<PollFinder> polls_;
  std::unique_ptr<LockCode> lock_code_;
  std::unique_ptr<OwnLocks> own_locks_;
  std::vector<RemoteAddress> listed_;          // every runtime.g at the last look, as the runtime lists them
  std::vector<RemoteAddress> sorted_;          // the same, ascending
  std::vector<RawGoroutine::Still> standing_;  // of the last look, ascending by address: as its samples
  std::unordered_map<std::uint64_t, bool> system_starts_;
  std::shared_ptr<const GoroutineSnapshot> last_;
};

}  // namespace proctor
