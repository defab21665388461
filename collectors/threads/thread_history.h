#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collectors/observation/thread_snapshot.h"
#include "collectors/os/proc_root.h"
#include "collectors/os/thread_files.h"
#include "collectors/sites/site_interner.h"
#include "collectors/unwind/native_stacks.h"

namespace proctor {

/// The threads of one process over many looks.
class ThreadHistory {
 public:
  /// Both outlive it. Without `stacks` none are read; those of threads that run only with `running`.
  ThreadHistory(SiteInterner& sites, NativeStacks* stacks, bool running = false)
      : sites_(&sites), stacks_(stacks), running_(running) {}

  /// The threads now: the same object as at the last look where none has run, begun or ended. `limit` is how many it
  /// may have. Errors: target_gone, permission_denied.
  Result<std::shared_ptr<const ThreadSnapshot>> look(const ProcDir& process, std::optional<std::uint64_t> limit = {});

 private:
  /// A thread as it was last read.
  struct Seen {
    Tid tid{};
    StartTime start_time{};
    std::optional<SchedStat> sched;
    std::string state;
    std::string reason;
    std::optional<WaitedObject> waits_for;
    std::string kernel_function;              // that it is in, in uninterruptible sleep
    std::string name;                         // with its numbers folded
    std::shared_ptr<const NamedStack> stack;  // null where it is not known
    bool hidden = false;                      // it is blocked, and what it waits for may not be read
    std::optional<std::uint64_t> voluntary;
    std::optional<std::uint64_t> involuntary;
  };

  static Site site_of(const Seen& thread, const NamedStack* stack);
  static bool rests(const ProcDir& process, const Seen& thread);
  bool nothing_changed(const ProcDir& process) const;
  /// `call`: the system call that it sleeps in, where it is in one.
  Result<Seen> read(const ProcDir& process, Tid tid, std::optional<ThreadSystemCall>& call);
  struct InCall {
    std::size_t thread = 0;  // index
    ThreadSystemCall call;
  };
  void read_stacks(const ProcDir& process, const std::vector<InCall>& calls, std::vector<Seen>& threads);
  static void tell_frozen(const ProcDir& process, std::vector<Seen>& threads);
  static void read_polled(const ProcDir& process, const std::vector<InCall>& calls, std::vector<Seen>& threads);
  void read_running_stacks(const ProcDir& process, std::vector<Seen>& threads);
  std::shared_ptr<ThreadSnapshot> assemble(std::uint64_t vanished) const;

  static constexpr std::size_t kMostStacks = 1000;  // distinct ones of one process at a look

  SiteInterner* sites_;
  NativeStacks* stacks_;
  bool running_;
  std::optional<Error> blocked_unknown_;  // why some are hidden
  std::optional<Error> running_unknown_;  // why the stacks of those that run are not known
  std::vector<Seen> threads_;             // ascending by tid
  std::uint64_t ended_voluntary_ = 0;
  std::uint64_t ended_involuntary_ = 0;
  std::shared_ptr<const ThreadSnapshot> last_;
};

}  // namespace proctor
