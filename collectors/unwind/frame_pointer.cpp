#include "collectors/unwind/frame_pointer.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/byte_cursor.h"

namespace proctor {
namespace {

constexpr std::uint64_t kWord = 8;
constexpr std::uint64_t kPrologueBytes = 64;
constexpr std::uint64_t kLongestCall = 7;
constexpr std::uint64_t kMostBytes = std::uint64_t{64} << 10;

std::uint8_t byte_at(std::span<const std::byte> code, std::size_t at) {
  return at < code.size() ? static_cast<std::uint8_t>(code[at]) : std::uint8_t{0};
}

bool begins_with(std::span<const std::byte> code, std::size_t at, std::initializer_list<std::uint8_t> wanted) {
  return std::ranges::all_of(wanted, [&](std::uint8_t byte) { return byte_at(code, at++) == byte; });
}

/// What a function takes from its stack pointer in its first instructions: the first "sub rsp" there, else nothing.
/// Compilers put others between them, so that it is looked for at every byte.
std::uint64_t local_bytes(std::span<const std::byte> code) {
  for (std::size_t at = 1; at + kLongestCall <= code.size(); ++at) {
    if (begins_with(code, at, {0x48, 0x83, 0xec})) return byte_at(code, at + 3);
    if (begins_with(code, at, {0x48, 0x81, 0xec})) return load<std::uint32_t>(code, at + 3).value_or(0);
  }
  return 0;
}

/// What stands before a return address.
enum class Call : std::uint8_t { none, possible, certain };

/// Whether an instruction before `address` calls `function`: a direct call of it tells, any other call may in the end
/// have jumped to it.
Call call_before(RemoteAddress address, RemoteAddress function, std::span<const LoadedCode> all) {
  const LoadedCode* code = code_at(all, address);
  if (code == nullptr || !code->code) return Call::none;
  std::array<std::byte, kLongestCall> before{};
  // The kernel itself calls a handler of a signal: it returns to a stub of the C library.
  std::array<std::byte, 9> trampoline{};
  const RemoteAddress returns_to{number(address) - number(code->bias)};
  if (code->code->image().read(returns_to, trampoline) &&
      begins_with(trampoline, 0, {0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05})) {
    return Call::possible;
  }
  const RemoteAddress link = returns_to - before.size();
  if (!code->code->image().read(link, before)) return Call::none;
  if (byte_at(before, 2) == 0xe8) {
    const auto distance = static_cast<std::uint64_t>(std::int64_t{load<std::int32_t>(before, 3).value_or(0)});
    const RemoteAddress target = address + distance;
    if (target == function) return Call::certain;
    if (const LoadedCode* callee = code_at(all, target); callee != nullptr && callee->code) return Call::possible;
  }
  // An indirect call is two to seven bytes: FF, and a second byte whose middle bits are 2.
  for (std::size_t length = 2; length <= kLongestCall; ++length) {
    const std::size_t at = kLongestCall - length;
    if (byte_at(before, at) == 0xff && (byte_at(before, at + 1) & 0x38) == 0x10) return Call::possible;
  }
  return Call::none;
}

}  // namespace

const LoadedCode* code_at(std::span<const LoadedCode> all, RemoteAddress address) {
  const auto after =
      std::ranges::upper_bound(all, address, {}, [](const LoadedCode& code) { return code.range.begin; });
  if (after == all.begin()) return nullptr;
  const LoadedCode& code = *std::prev(after);
  return code.range.contains(address) ? &code : nullptr;
}

std::optional<RemoteAddress> recover_frame_pointer(const LoadedCode& code, RemoteAddress function,
                                                   RemoteAddress program_counter, RemoteAddress stack_pointer,
                                                   StackBytes& stack, std::span<const LoadedCode> all) {
  const auto call_at = [&](RemoteAddress frame) {
    const auto returns_to = stack.word_at(frame + kWord);
    return returns_to ? call_before(RemoteAddress{*returns_to}, function, all) : Call::none;
  };
  std::array<std::byte, kPrologueBytes> prologue{};
  if (!code.code->image().read(RemoteAddress{number(function) - number(code.bias)}, prologue)) return std::nullopt;
  // Between the locals and the saved frame pointer stand the other registers that it saved.
  const LinkAddress link{number(program_counter) - number(code.bias) - 1};
  if (const auto saved = code.code->saved_registers_at(link)) {
    const RemoteAddress frame = stack_pointer + local_bytes(prologue) + *saved * kWord;
    if (call_at(frame) != Call::none) return frame;
  }
  // A function that moves its stack pointer as it goes: the nearest return to a call of it.
  for (std::uint64_t distance = 0; distance < kMostBytes; distance += kWord) {
    if (call_at(stack_pointer + distance) == Call::certain) return stack_pointer + distance;
  }
  return std::nullopt;
}

}  // namespace proctor
