#include "collectors/locks/futex_lock.h"

#include <linux/futex.h>
#include <sys/syscall.h>

#include "base/byte_cursor.h"

namespace proctor {
namespace {

constexpr std::uint32_t kTidMask = FUTEX_TID_MASK;
constexpr std::uint32_t kLockedWithWaiters = 2;  // glibc's low-level lock
constexpr std::uint32_t kMaxUsers = 1 << 20;
constexpr std::uint32_t kTypeMask = 3;  // of a mutex's kind: normal, recursive, errorcheck, adaptive
constexpr std::uint32_t kRobust = 16;   // in a mutex's kind
constexpr std::uint32_t kKnownKinds = 0x3ff;
constexpr std::uint32_t kWriteLocked = 2;  // in a rwlock's readers

struct GlibcMutex {
  std::uint32_t lock = 0, count = 0, owner = 0, users = 0, kind = 0;
};

struct GlibcRwlock {
  std::uint32_t readers = 0, writers = 0, writer_phase_futex = 0, writers_futex = 0, pad3 = 0, pad4 = 0;
  std::int32_t writer = 0;
};

bool is_plausible(const GlibcMutex& mutex) {
  return mutex.users >= 1 && mutex.users <= kMaxUsers && mutex.kind <= kKnownKinds && mutex.owner != 0 &&
         mutex.owner <= kTidMask;
}

std::optional<HeldLock> held_rwlock(std::span<const std::byte> bytes, std::uint64_t at) {
  const auto lock = load<GlibcRwlock>(bytes, at);
  if (!lock || (lock->readers & kWriteLocked) == 0 || lock->pad3 != 0 || lock->pad4 != 0 || lock->writer <= 0) {
    return std::nullopt;
  }
  return HeldLock{.kind = LockKind::rwlock, .owner = lock->writer};
}

}  // namespace

std::optional<FutexWait> futex_wait_of(const ThreadSystemCall& call) {
  if (call.number != SYS_futex) return std::nullopt;
  const std::uint64_t operation = call.arguments[1] & static_cast<std::uint64_t>(FUTEX_CMD_MASK);
  const bool locks_pi = operation == FUTEX_LOCK_PI || operation == 13;  // FUTEX_LOCK_PI2, of Linux 5.14
  if (!locks_pi && operation != FUTEX_WAIT && operation != FUTEX_WAIT_BITSET) return std::nullopt;
  return FutexWait{.address = RemoteAddress{call.arguments[0]},
                   .expected = static_cast<std::uint32_t>(call.arguments[2]),
                   .locks_pi = locks_pi,
                   .is_private = (call.arguments[1] & FUTEX_PRIVATE_FLAG) != 0,
                   .timed = call.arguments[3] != 0};
}

std::optional<HeldLock> decode_lock(const FutexWait& wait, std::span<const std::byte> bytes) {
  const auto mutex = load<GlibcMutex>(bytes, kBytesBeforeWord);
  if (!mutex || mutex->lock == 0) return std::nullopt;
  const auto owner_in_word = static_cast<std::int32_t>(mutex->lock & kTidMask);
  if (wait.locks_pi) return HeldLock{.kind = LockKind::priority_mutex, .owner = owner_in_word};
  if (mutex->lock == kLockedWithWaiters && wait.expected == kLockedWithWaiters && is_plausible(*mutex)) {
    return HeldLock{.kind = LockKind::mutex, .owner = static_cast<std::int32_t>(mutex->owner)};
  }
  if ((mutex->lock & FUTEX_WAITERS) != 0 && wait.expected == mutex->lock && owner_in_word > 0) {
    if ((mutex->kind & kRobust) != 0 && mutex->kind <= kKnownKinds) {
      return HeldLock{.kind = LockKind::robust_mutex, .owner = owner_in_word};
    }
    // musl: the type stands before the word. A normal mutex there holds a constant in place of its owner.
    const auto type = load<std::uint32_t>(bytes, kBytesBeforeWord - sizeof(std::uint32_t)).value_or(0);
    if ((type & kTypeMask) != 0 && type < kRobust) return HeldLock{.kind = LockKind::mutex, .owner = owner_in_word};
    return std::nullopt;
  }
  // A rwlock is waited for at one of two words of it.
  if (const auto lock = held_rwlock(bytes, kBytesBeforeWord - offsetof(GlibcRwlock, writer_phase_futex))) return lock;
  return held_rwlock(bytes, kBytesBeforeWord - offsetof(GlibcRwlock, writers_futex));
}

}  // namespace proctor
