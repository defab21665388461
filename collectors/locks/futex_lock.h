#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/address.h"
#include "collectors/observation/lock_snapshot.h"
#include "collectors/os/thread_files.h"

namespace proctor {

/// A wait in the system call futex.
struct FutexWait {
  RemoteAddress address{};
  std::uint32_t expected = 0;  // the value of the word with which the thread went to sleep
  bool locks_pi = false;       // the kernel itself hands the lock over (FUTEX_LOCK_PI)
  bool is_private = false;     // among the threads of one process
  bool timed = false;
};

/// The futex wait that a system call is; nothing for any other call.
std::optional<FutexWait> futex_wait_of(const ThreadSystemCall& call);

/// A lock that is held, as the bytes around the word say. Its owner is a number in the process's own namespace.
struct HeldLock {
  LockKind kind{};
  std::int32_t owner = 0;
};

/// Bytes before and after the word that decode_lock wants to see.
constexpr std::uint64_t kBytesBeforeWord = 12;
constexpr std::uint64_t kBytesAfterWord = 24;

/// Recognises the mutexes (normal, recursive, errorcheck, adaptive, robust, with priority inheritance) and the rwlocks
/// of glibc, and those mutexes of musl that name an owner. `bytes` begin kBytesBeforeWord before the word. Nothing for
/// a word that is free, or that belongs to what has no owner: a condition variable, a semaphore, a lock of another
/// make.
std::optional<HeldLock> decode_lock(const FutexWait& wait, std::span<const std::byte> bytes);

}  // namespace proctor
