#include "collectors/goroutines/lock_code.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

#include "base/byte_cursor.h"

namespace proctor {
namespace {

constexpr std::uint64_t kMostCode = 16384;     // before where it stands
constexpr std::uint64_t kRwMutexReaders = 12;  // distance of the semaphore of readers in a sync.RWMutex
constexpr std::size_t kCallLength = 5;
constexpr std::size_t kAddressLength = 7;
/// The first argument of a call is often followed by others, and by instructions that do nothing.
constexpr std::size_t kMostBetween = 24;
constexpr std::array<std::byte, 3> kAddressIntoRax{std::byte{0x48}, std::byte{0x8D}, std::byte{0x05}};
constexpr std::byte kCall{0xE8};

// What is left as a call where the compiler inlines the methods.
constexpr std::array<std::string_view, 5> kLocks{"sync.(*Mutex).lockSlow", "internal/sync.(*Mutex).lockSlow",
                                                 "sync.(*Mutex).Lock", "internal/sync.(*Mutex).Lock",
                                                 "sync.(*RWMutex).Lock"};
constexpr std::array<std::string_view, 3> kWaitsForReaders{"sync.runtime_SemacquireRWMutexR",
                                                           "sync.runtime_SemacquireMutex", "sync.runtime_Semacquire"};
constexpr std::array<std::string_view, 5> kUnlocks{"sync.(*Mutex).unlockSlow", "internal/sync.(*Mutex).unlockSlow",
                                                   "sync.(*Mutex).Unlock", "internal/sync.(*Mutex).Unlock",
                                                   "sync.(*RWMutex).Unlock"};
constexpr std::array<std::string_view, 2> kReadUnlocks{"sync.(*RWMutex).RUnlock", "sync.(*RWMutex).rUnlockSlow"};

/// Where an instruction that ends at `end` refers to by its last four bytes, `offset`.
RemoteAddress relative(RemoteAddress end, std::int32_t offset) {
  return RemoteAddress{number(end) + static_cast<std::uint64_t>(std::int64_t{offset})};
}

}  // namespace

const std::vector<RemoteAddress>& LockCode::held_at(RemoteAddress entry, RemoteAddress pc) {
  if (held_.size() >= kMost) held_.clear();
  const auto [place, is_new] = held_.try_emplace(number(pc));
  if (is_new) place->second = find(entry, pc);
  return place->second;
}

std::vector<RemoteAddress> LockCode::find(RemoteAddress entry, RemoteAddress pc) {
  const std::vector<Call> calls = calls_in(entry, pc);
  std::vector<RemoteAddress> held;
  for (const Call& call : calls) {
    // That at which it stands has not returned.
    if (!call.locks || call.returns_to >= pc || std::ranges::find(held, call.lock) != held.end()) continue;
    const Call* last = nullptr;
    for (const Call& other : calls) {
      if (other.lock == call.lock && other.returns_to < pc) last = &other;
    }
    // Behind an unlock it may be that of a path that has returned, or its own: then nothing is said.
    if (last->locks) held.push_back(call.lock);
  }
  std::ranges::sort(held);
  return held;
}

HeldSides LockCode::sides_at(RemoteAddress entry, RemoteAddress pc) {
  if (sides_.size() >= kMost) sides_.clear();
  const auto [place, is_new] = sides_.try_emplace(number(pc));
  if (is_new) place->second = find_sides(entry, pc);
  return place->second;
}

HeldSides LockCode::find_sides(RemoteAddress entry, RemoteAddress pc) {
  const AddressRange text{process_.module().text, process_.module().etext};
  const std::vector<std::byte> code = code_before(pc, entry);
  HeldSides held;
  // The call at which it stands has not returned.
  for (std::size_t at = 0; at + kCallLength < code.size(); ++at) {
    if (code[at] != kCall) continue;
    const RemoteAddress callee = relative(entry + at + kCallLength, load<std::int32_t>(code, at + 1).value_or(0));
    if (!text.contains(callee)) continue;
    switch (effect_of(callee)) {
      case Effect::locks: held.whole = true; break;
      case Effect::unlocks: held.whole = false; break;
      case Effect::read_locks:
      case Effect::waits_for_readers: held.reading = true; break;
      case Effect::read_unlocks: held.reading = false; break;
      case Effect::none: break;
    }
  }
  return held;
}

std::vector<std::byte> LockCode::code_before(RemoteAddress pc, RemoteAddress entry) const {
  if (pc < entry || pc - entry > kMostCode) return {};
  std::vector<std::byte> code(pc - entry);
  if (!process_.memory().read(entry, code)) return {};
  return code;
}

std::vector<LockCode::Call> LockCode::calls_in(RemoteAddress entry, RemoteAddress pc) {
  const AddressRange text{process_.module().text, process_.module().etext};
  const std::vector<std::byte> code = code_before(pc, entry);
  std::vector<Call> calls;
  const std::span<const std::byte> bytes{code};
  for (std::size_t at = 0; at + kAddressLength + kCallLength <= bytes.size(); ++at) {
    if (!std::ranges::equal(bytes.subspan(at, kAddressIntoRax.size()), kAddressIntoRax)) continue;
    const RemoteAddress lock = relative(entry + at + kAddressLength, load<std::int32_t>(bytes, at + 3).value_or(0));
    const std::size_t last = std::min(at + kAddressLength + kMostBetween, bytes.size() - kCallLength);
    for (std::size_t call = at + kAddressLength; call <= last; ++call) {
      if (bytes[call] != kCall) continue;
      const RemoteAddress returns_to = entry + call + kCallLength;
      const RemoteAddress callee = relative(returns_to, load<std::int32_t>(bytes, call + 1).value_or(0));
      if (!text.contains(callee)) continue;
      const Effect effect = effect_of(callee);
      if (effect == Effect::none) continue;
      calls.push_back(
          {.lock = effect == Effect::waits_for_readers ? RemoteAddress{number(lock) - kRwMutexReaders} : lock,
           .returns_to = returns_to,
           .locks = effect != Effect::unlocks && effect != Effect::read_unlocks});
      break;
    }
  }
  return calls;
}

LockCode::Effect LockCode::effect_of(RemoteAddress function) {
  if (effects_.size() >= kMost) effects_.clear();
  const auto [place, is_new] = effects_.try_emplace(number(function), Effect::none);
  if (!is_new) return place->second;
  const auto found = process_.functions().function_at(function);
  if (!found || found->entry != function) return place->second;
  const auto name = process_.functions().name_of(*found);
  if (!name) return place->second;
  const auto is_one_of = [&](std::span<const std::string_view> names) {
    return std::ranges::find(names, *name) != names.end();
  };
  if (is_one_of(kLocks)) place->second = Effect::locks;
  if (*name == "sync.(*RWMutex).RLock") place->second = Effect::read_locks;
  if (is_one_of(kWaitsForReaders)) place->second = Effect::waits_for_readers;
  if (is_one_of(kUnlocks)) place->second = Effect::unlocks;
  if (is_one_of(kReadUnlocks)) place->second = Effect::read_unlocks;
  return place->second;
}

}  // namespace proctor
