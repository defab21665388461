#include "collectors/locks/lock_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "collectors/locks/futex_lock.h"
#include "collectors/locks/wait_cycles.h"
#include "collectors/os/proc_status.h"
#include "collectors/os/thread_files.h"

namespace proctor {
namespace {

using LockBytes = std::array<std::byte, kBytesBeforeWord + kBytesAfterWord>;

/// One thread's wait, with what must not have changed when it is looked at again.
struct Seen {
  Tid tid{};
  SchedStat sched;
  ThreadSystemCall call;
  FutexWait wait;
  LockBytes bytes{};
  bool readable = false;
};

/// Threads of the process by their numbers in its own namespace, which its locks hold.
std::map<std::int32_t, Tid> by_own_number(const ProcDir& process, std::span<const Tid> threads) {
  std::map<std::int32_t, Tid> numbers;
  const auto leader = read_proc_status(process);
  const bool same = leader && leader->namespace_pid.value_or(number(process.pid())) == number(process.pid());
  for (const Tid tid : threads) {
    if (same) {
      numbers.emplace(number(tid), tid);
    } else if (const auto status = read_proc_status(process, fmt::format("task/{}/status", number(tid)).c_str())) {
      if (status->namespace_pid) numbers.emplace(*status->namespace_pid, tid);
    }
  }
  return numbers;
}

Result<std::vector<Seen>> read_waits(const ProcDir& process, std::span<const Tid> sleepers) {
  std::vector<Seen> all;
  for (const Tid tid : sleepers) {
    const auto sched = read_schedstat(process, tid);
    if (!sched) continue;
    const auto call = read_system_call(process, tid);
    if (!call) {
      if (call.error().code == ErrorCode::permission_denied) return tl::unexpected(call.error());
      continue;
    }
    const auto wait = *call ? futex_wait_of(**call) : std::nullopt;
    if (wait) all.push_back({.tid = tid, .sched = *sched, .call = **call, .wait = *wait});
  }
  return all;
}

Result<void> read_words(const MemoryReader& memory, std::vector<Seen>& waits) {
  std::vector<ReadRequest> requests;
  requests.reserve(waits.size());
  for (Seen& seen : waits) requests.push_back({.from = seen.wait.address - kBytesBeforeWord, .into = seen.bytes});
  PROCTOR_TRY_VOID(memory.read_many(requests));
  for (std::size_t i = 0; i < waits.size(); ++i) waits[i].readable = requests[i].complete;
  return {};
}

/// Whether a thread has slept on, in the same call.
bool still_waits(const ProcDir& process, const Seen& seen) {
  const auto call = read_system_call(process, seen.tid);
  if (!call || !*call || **call != seen.call) return false;
  const auto sched = read_schedstat(process, seen.tid);
  return sched && *sched == seen.sched;
}

}  // namespace

Result<LockSnapshot> read_locks(const ProcDir& process, const MemoryReader& memory, std::span<const Tid> sleepers,
                                std::span<const Tid> threads) {
  std::vector<Seen> waits = PROCTOR_TRY(read_waits(process, sleepers));
  LockSnapshot snapshot;
  if (waits.empty()) return snapshot;
  PROCTOR_TRY_VOID(read_words(memory, waits));
  std::erase_if(waits, [](const Seen& seen) { return !seen.readable || !decode_lock(seen.wait, seen.bytes); });
  if (waits.empty()) return snapshot;
  std::vector<Seen> again = waits;
  PROCTOR_TRY_VOID(read_words(memory, again));
  const auto own_numbers = by_own_number(process, threads);
  for (std::size_t i = 0; i < waits.size(); ++i) {
    const auto lock = decode_lock(waits[i].wait, waits[i].bytes);
    const auto later = decode_lock(again[i].wait, again[i].bytes);
    const bool same = again[i].readable && later && later->owner == lock->owner && later->kind == lock->kind;
    if (!same || !still_waits(process, waits[i])) continue;
    LockWait wait{.waiter = waits[i].tid, .address = waits[i].wait.address, .kind = lock->kind};
    wait.timed = waits[i].wait.timed;
    const auto owner = own_numbers.find(lock->owner);
    if (owner != own_numbers.end()) {
      wait.owner = owner->second;
    } else if (waits[i].wait.is_private) {
      wait.known = LockOwner::gone;
    } else {
      continue;  // shared with another process, which may well hold it
    }
    snapshot.waits.push_back(wait);
  }
  std::ranges::sort(snapshot.waits, {}, &LockWait::waiter);
  snapshot.cycles = find_wait_cycles(snapshot.waits);
  return snapshot;
}

}  // namespace proctor
