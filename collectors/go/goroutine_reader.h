#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "collectors/go/go_process.h"

namespace proctor {

/// g.atomicstatus of the runtime, without its scan bit.
enum class GStatus : std::uint8_t {
  idle = 0,
  runnable = 1,
  running = 2,
  syscall = 3,
  waiting = 4,
  dead = 6,
  copystack = 8,
  preempted = 9,
  leaked = 10,    // 1.26
  deadextra = 11  // 1.26
};

/// The fields of a runtime.g that we use, as they stood at one read.
struct RawGoroutine {
  RemoteAddress address{};
  std::uint64_t goid = 0;
  GStatus status{};
  std::uint8_t wait_reason = 0;
  std::uint8_t tracking_seq = 0;  // changes each time it leaves the running state
  AddressRange stack;
  RemoteAddress sp{}, pc{}, bp{};  // of where it goes on; in a system call, of where it entered it
  RemoteAddress gopc{};            // after the go statement that created it; 0 for the main goroutine's and cgo's
  RemoteAddress startpc{};         // of its first function; 0 for a callback from C
  RemoteAddress labels{};          // of pprof.Do; 0 for none
  RemoteAddress waiting{};         // the first sudog of what it waits for; 0 for none
  std::uint64_t parent_goid = 0;   // who created it; 0 before 1.21
  bool locked_to_thread = false;
  std::uint64_t wait_since = 0;    // CLOCK_MONOTONIC, nanoseconds; 0 until a collection has seen it wait
  bool has_frame_pointer = false;  // `bp` belongs to `pc` and `sp`

  /// What stays the same as long as it has not run: the whole of it but what a collection may set meanwhile.
  struct Still {
    RemoteAddress address{};
    std::uint64_t goid = 0;
    RemoteAddress sp{};
    GStatus status{};
    std::uint8_t wait_reason = 0;
    std::uint8_t tracking_seq = 0;
    friend bool operator==(const Still&, const Still&) = default;
  };
  Still still() const { return {address, goid, sp, status, wait_reason, tracking_seq}; }

  friend bool operator==(const RawGoroutine&, const RawGoroutine&) = default;
};

/// A goroutine that did not move while its stack was copied.
struct CapturedGoroutine {
  RawGoroutine goroutine;
  std::span<const std::byte>
      stack;               // from sp to the stack's end, or its first 64 KiB; empty where it was not to be had
  RemoteAddress object{};  // the channel, or the semaphore or list of a sync type, that it waits for; 0 where not known
  bool torn = false;       // it moved: only its state is known
  std::optional<std::size_t> known_at;  // where it stands among the known: it has not moved, its stack was not copied
};

/// What runtime.NumGoroutine and its kin would say.
struct GoroutineCounts {
  std::uint64_t all = 0;                 // allglen: with the dead that are kept for reuse
  std::uint64_t user = 0;                // NumGoroutine
  std::optional<std::uint64_t> created;  // since the start; absent where the counters moved too far to be exact
};

/// Reads every goroutine of a running program without stopping it: each is read, then its stack, then itself again,
/// and only what did not change counts.
class GoroutineReader {
 public:
  explicit GoroutineReader(const GoProcess& process) : process_(process) {}

  Result<GoroutineCounts> read_counts() const;
  /// The addresses of all runtime.g, dead ones included, as the runtime lists them: each keeps its place, and new ones
  /// come behind. Errors: torn_read, layout_mismatch.
  Result<std::vector<RemoteAddress>> list() const;
  /// Calls `visit` for each living goroutine of `addresses`, in that order. Both `addresses` and `known`, by address,
  /// ascend; the stack of one that still stands as in `known` is not copied. Many are copied by two threads, while
  /// this one visits. Errors: layout_mismatch where what is read cannot be goroutines of this release.
  Result<void> read(std::span<const RemoteAddress> addresses, std::span<const RawGoroutine::Still> known,
                    const std::function<void(const CapturedGoroutine&)>& visit) const;

 private:
  struct Chunk;
  Result<void> capture(std::span<const RemoteAddress> addresses, std::span<const RawGoroutine::Still> known,
                       Chunk& chunk) const;

  const GoProcess& process_;
};

/// The goroutine in the bytes of its runtime.g; nothing for a dead or unborn one.
std::optional<RawGoroutine> decode_goroutine(std::span<const std::byte> bytes, RemoteAddress address,
                                             const GLayout& layout);

}  // namespace proctor
