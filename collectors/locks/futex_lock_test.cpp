#include "collectors/locks/futex_lock.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <array>
#include <cstring>

namespace proctor {
namespace {

using Words = std::array<std::uint32_t, 9>;  // three before the word, six from it on

std::optional<HeldLock> decode(const FutexWait& wait, const Words& words) {
  return decode_lock(wait, std::as_bytes(std::span{words}));
}

FutexWait waiting_for(std::uint32_t expected) { return {.expected = expected, .is_private = true}; }

TEST(FutexWait, OnlyWaitsOfFutexAre) {
  ThreadSystemCall call{.number = SYS_futex, .arguments = {0x7000, 0x80, 2, 0, 0, 0}};
  const auto wait = futex_wait_of(call);
  ASSERT_TRUE(wait);
  EXPECT_EQ(wait->address, RemoteAddress{0x7000});
  EXPECT_EQ(wait->expected, 2U);
  EXPECT_TRUE(wait->is_private);
  EXPECT_FALSE(wait->timed);
  call.arguments[3] = 0x1234;
  EXPECT_TRUE(futex_wait_of(call)->timed);
  call.arguments[1] = 0x81;  // wake
  EXPECT_FALSE(futex_wait_of(call));
  call.number = SYS_read;
  EXPECT_FALSE(futex_wait_of(call));
}

TEST(DecodeLock, AMutexNamesItsOwner) {
  const auto lock = decode(waiting_for(2), {0, 0, 0, 2, 0, 4711, 1, 0, 0});
  ASSERT_TRUE(lock);
  EXPECT_EQ(lock->kind, LockKind::mutex);
  EXPECT_EQ(lock->owner, 4711);
}

TEST(DecodeLock, AFreeOneIsNotHeld) { EXPECT_FALSE(decode(waiting_for(2), {0, 0, 0, 0, 0, 4711, 1, 0, 0})); }

TEST(DecodeLock, ALowLevelLockThatNamesNobodyIsNone) {
  EXPECT_FALSE(decode(waiting_for(2), {0, 0, 0, 2, 0, 0, 0, 0, 0}));
  EXPECT_FALSE(decode(waiting_for(2), {0, 0, 0, 2, 7, 0xdeadbeef, 0xdeadbeef, 0xdeadbeef, 0}));
}

TEST(DecodeLock, ARobustMutexHoldsItsOwnerInTheWord) {
  const auto lock = decode(waiting_for(0x80000000U | 12), {0, 0, 0, 0x80000000U | 12, 0, 12, 1, 16, 0});
  ASSERT_TRUE(lock);
  EXPECT_EQ(lock->kind, LockKind::robust_mutex);
  EXPECT_EQ(lock->owner, 12);
}

TEST(DecodeLock, ARwlockIsFoundFromEitherOfItsWords) {
  // readers, writers, writer_phase_futex, writers_futex, pads, writer
  const Words from_phase{0xa, 1, 0, 1, 3, 0, 0, 99, 0};
  Words at_phase{};
  at_phase = {0xa, 1, 1, 3, 0, 0, 99, 0, 0};
  Words shifted{};
  std::memcpy(shifted.data() + 1, at_phase.data(), sizeof(std::uint32_t) * 7);
  const auto lock = decode(waiting_for(3), shifted);
  ASSERT_TRUE(lock);
  EXPECT_EQ(lock->kind, LockKind::rwlock);
  EXPECT_EQ(lock->owner, 99);
  EXPECT_FALSE(decode(waiting_for(3), from_phase));  // one word off: no such lock
}

TEST(DecodeLock, BytesOfAnyLengthAreSafe) {
  const Words words{};
  for (std::size_t size = 0; size <= sizeof(words); ++size) {
    EXPECT_FALSE(decode_lock(waiting_for(2), std::as_bytes(std::span{words}).first(size)));
  }
}

}  // namespace
}  // namespace proctor
