#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/result.h"
#include "base/units.h"
#include "collectors/os/proc_root.h"

namespace proctor {

/// /proc/PID/task/TID/schedstat: unchanged, the thread has not run.
struct SchedStat {
  std::uint64_t run_nanoseconds = 0;
  std::uint64_t times_scheduled = 0;
  friend bool operator==(const SchedStat&, const SchedStat&) = default;
};

Result<SchedStat> parse_schedstat(std::string_view text);
/// not_supported where the kernel keeps no such figures.
Result<SchedStat> read_schedstat(const ProcDir& process, Tid tid);

/// The system call that a thread is in, from /proc/PID/task/TID/syscall.
struct ThreadSystemCall {
  std::int64_t number = 0;
  std::array<std::uint64_t, 6> arguments{};
  std::uint64_t stack_pointer = 0;
  std::uint64_t program_counter = 0;
  friend bool operator==(const ThreadSystemCall&, const ThreadSystemCall&) = default;
};

/// What a call waits for, by its arguments. Of a call that waits for several, as poll and select, nothing.
struct WaitedObject {
  enum class Kind : std::uint8_t { descriptor, futex, process };
  Kind kind{};
  std::uint64_t id = 0;  // its number, or the address of the futex
  friend auto operator<=>(const WaitedObject&, const WaitedObject&) = default;
};
std::optional<WaitedObject> waited_object(const ThreadSystemCall& call);
/// Where the number of the descriptor stands that poll or ppoll waits for, if it is a single one.
std::optional<RemoteAddress> polled_descriptor(const ThreadSystemCall& call);

/// Nothing for a thread that runs, or that is blocked outside of a system call.
Result<std::optional<ThreadSystemCall>> parse_system_call(std::string_view text);
/// Errors: permission_denied without the right to trace it.
Result<std::optional<ThreadSystemCall>> read_system_call(const ProcDir& process, Tid tid);

/// What a thread that sleeps waits for.
struct BlockedWait {
  std::string reason;
  std::optional<ThreadSystemCall> call;  // absent outside of one, or without the right to see it
  std::optional<Error> hidden;           // why the call may not be seen
};

/// `reason` is the kind of the system call it is in ("futex", "epoll", "read", "accept",
/// "sleep", ...), from /proc/PID/task/TID/syscall; else the kernel function of wchan. permission_denied without the
/// right to trace it, unless the kernel shows wchan.
Result<BlockedWait> read_blocked_wait(const ProcDir& process, Tid tid);

/// The kernel's function that a thread sleeps in; empty where the kernel does not tell.
std::string read_kernel_function(const ProcDir& process, Tid tid);

/// The word for a system call number of amd64; empty for one that does not wait.
std::string_view word_for_system_call(std::int64_t number);

}  // namespace proctor
