#include "collectors/os/thread_files.h"

#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/text.h"

namespace proctor {
std::string_view word_for_system_call(std::int64_t number) {
  switch (number) {
    case SYS_futex: return "futex";
    case SYS_epoll_wait:
    case SYS_epoll_pwait:
    case SYS_epoll_pwait2: return "epoll";
    case SYS_poll:
    case SYS_ppoll: return "poll";
    case SYS_select:
    case SYS_pselect6: return "select";
    case SYS_read:
    case SYS_readv:
    case SYS_pread64:
    case SYS_preadv:
    case SYS_preadv2: return "read";
    case SYS_write:
    case SYS_writev:
    case SYS_pwrite64:
    case SYS_pwritev:
    case SYS_pwritev2:
    case SYS_sendfile:
    case SYS_splice: return "write";
    case SYS_accept:
    case SYS_accept4: return "accept";
    case SYS_connect: return "connect";
    case SYS_recvfrom:
    case SYS_recvmsg:
    case SYS_recvmmsg: return "recv";
    case SYS_sendto:
    case SYS_sendmsg:
    case SYS_sendmmsg: return "send";
    case SYS_nanosleep:
    case SYS_clock_nanosleep: return "sleep";
    case SYS_wait4:
    case SYS_waitid: return "wait";
    case SYS_pause:
    case SYS_rt_sigsuspend:
    case SYS_rt_sigtimedwait: return "signal";
    case SYS_flock:
    case SYS_fcntl: return "file_lock";
    case SYS_fsync:
    case SYS_fdatasync:
    case SYS_sync:
    case SYS_syncfs:
    case SYS_sync_file_range:
    case SYS_msync: return "fsync";
    case SYS_io_getevents:
    case SYS_io_pgetevents:
    case SYS_io_uring_enter: return "io";
    case SYS_semop:
    case SYS_semtimedop: return "semaphore";
    case SYS_msgrcv:
    case SYS_msgsnd:
    case SYS_mq_timedreceive:
    case SYS_mq_timedsend: return "message_queue";
    case SYS_open:
    case SYS_openat: return "open";
    case SYS_clone:
    case SYS_clone3:
    case SYS_fork:
    case SYS_vfork: return "fork";
    case SYS_restart_syscall: return "restarted";
    default: return {};
  }
}

std::optional<WaitedObject> waited_object(const ThreadSystemCall& call) {
  using Kind = WaitedObject::Kind;
  const std::uint64_t first = call.arguments[0];
  switch (call.number) {
    case SYS_futex: return WaitedObject{.kind = Kind::futex, .id = first};
    case SYS_wait4: {
      const auto pid = static_cast<std::int32_t>(first);
      return pid > 0 ? std::optional{WaitedObject{.kind = Kind::process, .id = first}} : std::nullopt;
    }
    case SYS_waitid: {
      constexpr std::uint64_t kOneProcess = 1;  // P_PID
      if (first != kOneProcess) return std::nullopt;
      return WaitedObject{.kind = Kind::process, .id = call.arguments[1]};
    }
    default: break;
  }
  static constexpr auto kOfDescriptors =
      std::to_array<std::string_view>({"epoll", "read", "write", "accept", "connect", "recv", "send", "file_lock"});
  const bool on_all = call.number == SYS_sync;
  const std::string_view word = word_for_system_call(call.number);
  const bool synced = word == "fsync" && call.number != SYS_msync && !on_all;
  if (!synced && std::ranges::find(kOfDescriptors, word) == kOfDescriptors.end()) return std::nullopt;
  // A descriptor is an int: the upper half of the register may hold anything.
  return WaitedObject{.kind = Kind::descriptor, .id = static_cast<std::uint32_t>(first)};
}

std::optional<RemoteAddress> polled_descriptor(const ThreadSystemCall& call) {
  if (call.number != SYS_poll && call.number != SYS_ppoll) return std::nullopt;
  // An array of structs, which begin with it, and how many there are: an unsigned int for the one call, a long for the
  // other.
  if (static_cast<std::uint32_t>(call.arguments[1]) != 1) return std::nullopt;
  return RemoteAddress{call.arguments[0]};
}

Result<SchedStat> parse_schedstat(std::string_view text) {
  std::array<std::uint64_t, 3> values{};
  for (std::uint64_t& value : values) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    if (parsed.ec != std::errc{}) return fail(ErrorCode::malformed, "schedstat: {}", text.substr(0, 80));
    text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
  }
  return SchedStat{.run_nanoseconds = values[0], .times_scheduled = values[2]};
}

Result<SchedStat> read_schedstat(const ProcDir& process, Tid tid) {
  const std::string text = PROCTOR_TRY(process.read_record(fmt::format("task/{}/schedstat", number(tid)).c_str()));
  const SchedStat stat = PROCTOR_TRY(parse_schedstat(text));
  // A thread that exists has been scheduled at least once.
  if (stat.times_scheduled == 0) return fail(ErrorCode::not_supported, "schedstat holds nothing");
  return stat;
}

Result<std::optional<ThreadSystemCall>> parse_system_call(std::string_view text) {
  if (text.starts_with("running")) return std::nullopt;
  const auto malformed = [&] { return fail(ErrorCode::malformed, "syscall: {}", text.substr(0, 80)); };
  ThreadSystemCall call;
  const auto number_parsed = std::from_chars(text.data(), text.data() + text.size(), call.number);
  if (number_parsed.ec != std::errc{}) return malformed();
  if (call.number < 0) return std::nullopt;
  std::string_view rest = text.substr(static_cast<std::size_t>(number_parsed.ptr - text.data()));
  const auto next = [&](std::uint64_t& value) {
    if (!rest.starts_with(" 0x")) return false;
    rest.remove_prefix(3);
    const auto parsed = std::from_chars(rest.data(), rest.data() + rest.size(), value, 16);
    rest.remove_prefix(static_cast<std::size_t>(parsed.ptr - rest.data()));
    return parsed.ec == std::errc{};
  };
  for (std::uint64_t& argument : call.arguments) {
    if (!next(argument)) return malformed();
  }
  if (!next(call.stack_pointer) || !next(call.program_counter)) return malformed();
  return call;
}

Result<std::optional<ThreadSystemCall>> read_system_call(const ProcDir& process, Tid tid) {
  return parse_system_call(PROCTOR_TRY(process.read_record(fmt::format("task/{}/syscall", number(tid)).c_str())));
}

std::string read_kernel_function(const ProcDir& process, Tid tid) {
  const auto wchan = process.read_record(fmt::format("task/{}/wchan", number(tid)).c_str());
  return wchan && *wchan != "0" ? to_valid_utf8(*wchan, 64) : "";
}

Result<BlockedWait> read_blocked_wait(const ProcDir& process, Tid tid) {
  const auto text = process.read_record(fmt::format("task/{}/syscall", number(tid)).c_str());
  if (!text && text.error().code == ErrorCode::target_gone) return tl::unexpected(text.error());
  const auto call = text ? parse_system_call(*text).value_or(std::nullopt) : std::nullopt;
  if (call) {
    const std::string_view word = word_for_system_call(call->number);
    return BlockedWait{.reason = word.empty() ? fmt::format("syscall_{}", call->number) : std::string{word},
                       .call = call};
  }
  if (std::string function = read_kernel_function(process, tid); !function.empty()) {
    return BlockedWait{.reason = std::move(function), .hidden = text ? std::nullopt : std::optional{text.error()}};
  }
  if (!text) return tl::unexpected(text.error());
  return BlockedWait{.reason = "unknown", .call = {}};
}

}  // namespace proctor
