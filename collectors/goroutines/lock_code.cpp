#include "collectors/goroutines/lock_code.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <set>
#include <span>
#include <string_view>

#include "base/byte_cursor.h"

namespace proctor {
namespace {

constexpr std::uint64_t kMostCode = 16384;         // before where it stands
constexpr std::uint32_t kRwMutexReaders = 12;      // distance of the semaphore of readers in a sync.RWMutex
constexpr std::uint32_t kRwMutexReaderCount = 16;  // likewise
constexpr std::size_t kMostToLock = 64;            // bytes of code, from where it takes the address to the call
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

/// How far within a lock the words lie whose address is computed, or that are exchanged.
struct WithinLock {
  std::uint32_t computed = 0;
  std::uint32_t exchanged = 0;
};

/// Adds the distances of locks from registers by the instructions in these bytes that compute an address (LEA, ADD), or
/// exchange what is there under a bus lock. Whatever else looks like such is among them.
void add_distances(std::span<const std::byte> code, WithinLock within, std::set<std::uint32_t>& distances) {
  constexpr std::int64_t kMost = 65536;
  const auto byte_at = [&](std::size_t at) { return at < code.size() ? std::to_integer<unsigned>(code[at]) : 0U; };
  const auto add = [&](std::int32_t distance, std::uint32_t in_lock) {
    const std::int64_t to_lock = std::int64_t{distance} - in_lock;
    if (to_lock >= 0 && to_lock < kMost) distances.insert(static_cast<std::uint32_t>(to_lock));
  };
  for (std::size_t at = 0; at < code.size(); ++at) {
    const bool computes = byte_at(at) == 0x8D;
    const bool exchanges = byte_at(at) == 0x0F && (byte_at(at + 1) == 0xB1 || byte_at(at + 1) == 0xC1);
    if (byte_at(at) == 0x83 && (byte_at(at + 1) & 0xF8U) == 0xC0) {
      add(load<std::int8_t>(code, at + 2).value_or(0), within.computed);
    }
    if (!computes && !exchanges) continue;
    const std::size_t operand = at + (computes ? 1 : 2);
    const std::uint32_t in_lock = computes ? within.computed : within.exchanged;
    // A register 4 means that another byte says which; there it is the stack pointer, where no prefix makes it another.
    const bool has_base = (byte_at(operand) & 7U) == 4;
    const unsigned prefix = at == 0 ? 0 : byte_at(at - 1);
    const bool is_other = (prefix & 0xF1U) == 0x41;
    if (has_base && (byte_at(operand + 1) & 7U) == 4 && !is_other) continue;
    const std::size_t distance = operand + (has_base ? 2 : 1);
    switch (byte_at(operand) >> 6U) {
      case 0:
        if (exchanges) add(0, in_lock);
        break;
      case 1: add(load<std::int8_t>(code, distance).value_or(0), in_lock); break;
      case 2: add(load<std::int32_t>(code, distance).value_or(0), in_lock); break;
      default: break;
    }
  }
}

}  // namespace

std::optional<RemoteAddress> lock_of(RemoteAddress semaphore, const GoroutineStack& stack) {
  constexpr std::uint64_t kHalf = 4;
  for (const auto& calls : stack.calls) {
    for (const GoFrame& call : *calls) {
      const std::string& function = call.frame.function;
      if (function.ends_with("sync.(*Mutex).lockSlow") || function == "sync.(*Mutex).Lock")
        return RemoteAddress{number(semaphore) - kHalf};
      if (function == "sync.(*RWMutex).Lock") return RemoteAddress{number(semaphore) - 2 * kHalf};
      if (function == "sync.(*RWMutex).RLock") return RemoteAddress{number(semaphore) - 3 * kHalf};
    }
  }
  return std::nullopt;
}

bool only_locks(const GoFrame& call) {
  const std::string& function = call.frame.function;
  return (function.starts_with("sync.") || function.starts_with("internal/sync.")) && function != "sync.(*Once).doSlow";
}

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

const LockCode::Place& LockCode::place_at(RemoteAddress entry, RemoteAddress pc) {
  if (places_.size() >= kMost) places_.clear();
  const auto [place, is_new] = places_.try_emplace(number(pc));
  if (is_new) place->second = find_place(entry, pc);
  return place->second;
}

LockCode::Place LockCode::find_place(RemoteAddress entry, RemoteAddress pc) {
  const AddressRange text{process_.module().text, process_.module().etext};
  const std::vector<std::byte> code = code_before(pc, entry);
  Place place;
  std::set<std::uint32_t> distances;
  std::size_t last_return = 0;
  // The call at which it stands has not returned.
  for (std::size_t at = 0; at + kCallLength < code.size(); ++at) {
    if (code[at] != kCall) continue;
    const RemoteAddress callee = relative(entry + at + kCallLength, load<std::int32_t>(code, at + 1).value_or(0));
    if (!text.contains(callee)) continue;
    const std::size_t begin = std::max(last_return, at - std::min(at, kMostToLock));
    const auto before = std::span{code}.subspan(begin, at - begin);
    last_return = at + kCallLength;
    switch (effect_of(callee)) {
      case Effect::locks:
        place.sides.whole = true;
        add_distances(before, {.computed = 0, .exchanged = 0}, distances);
        break;
      case Effect::unlocks: place.sides.whole = false; break;
      case Effect::read_locks:
        place.sides.reading = true;
        add_distances(before, {.computed = 0, .exchanged = 0}, distances);
        break;
      case Effect::waits_for_readers:
        // What it waits at, and what it has added to, lie within the lock.
        place.sides.reading = true;
        add_distances(before, {.computed = 0, .exchanged = kRwMutexReaderCount}, distances);
        add_distances(before, {.computed = kRwMutexReaders, .exchanged = kRwMutexReaderCount}, distances);
        break;
      case Effect::read_unlocks: place.sides.reading = false; break;
      case Effect::defers: place.defers = true; break;
      case Effect::none: break;
    }
  }
  place.distances.assign(distances.begin(), distances.end());
  return place;
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
      if (effect == Effect::none || effect == Effect::defers) continue;
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
  if (name->starts_with("runtime.deferproc")) place->second = Effect::defers;
  if (is_one_of(kUnlocks)) place->second = Effect::unlocks;
  if (is_one_of(kReadUnlocks)) place->second = Effect::read_unlocks;
  return place->second;
}

}  // namespace proctor
