#include "collectors/go/race_reports.h"

#include <array>
#include <span>

#include "base/byte_cursor.h"

namespace proctor {
namespace {

constexpr std::size_t kCode = 640;
constexpr std::size_t kInstruction = 7;  // bytes of each that is looked for
constexpr std::uint32_t kLeastOffset = 0x1000;
constexpr std::int32_t kMostReports = 1'000'000'000;

std::uint8_t byte_at(std::span<const std::byte> code, std::size_t at) {
  return std::to_integer<std::uint8_t>(code[at]);
}

/// lea disp(%rip),reg: the variable that points to the detector's state.
bool is_address(std::span<const std::byte> code, std::size_t at) {
  constexpr std::uint8_t kRexMask = 0xFB;  // the register may be any
  return (byte_at(code, at) & kRexMask) == 0x48 && byte_at(code, at + 1) == 0x8D &&
         (byte_at(code, at + 2) & 0xC7) == 0x05;
}

/// movslq disp(reg),reg: the number, a field of it.
bool is_number(std::span<const std::byte> code, std::size_t at) {
  return (byte_at(code, at) & 0xF8) == 0x48 && byte_at(code, at + 1) == 0x63 &&
         (byte_at(code, at + 2) & 0xC0) == 0x80 && (byte_at(code, at + 2) & 0x07) != 0x04;
}

}  // namespace

std::optional<std::uint64_t> read_race_reports(const MemoryReader& memory, RemoteAddress count_function) {
  if (count_function == RemoteAddress{}) return std::nullopt;
  std::array<std::byte, kCode> code{};
  if (!memory.read(count_function, code)) return std::nullopt;
  std::optional<RemoteAddress> variable;
  std::optional<std::uint32_t> offset;
  for (std::size_t at = 0; at + kInstruction <= code.size(); ++at) {
    const auto value = load<std::int32_t>(code, at + 3).value_or(0);
    if (!variable && is_address(code, at)) {
      variable =
          RemoteAddress{number(count_function) + at + kInstruction + static_cast<std::uint64_t>(std::int64_t{value})};
    }
    if (!offset && is_number(code, at) && value > static_cast<std::int32_t>(kLeastOffset)) {
      offset = static_cast<std::uint32_t>(value);
    }
  }
  if (!variable || !offset) return std::nullopt;
  const auto state = memory.read_value<RemoteAddress>(*variable);
  if (!state || *state == RemoteAddress{}) return std::nullopt;
  const auto reports = memory.read_value<std::int32_t>(*state + *offset);
  if (!reports || *reports < 0 || *reports > kMostReports) return std::nullopt;
  return static_cast<std::uint64_t>(*reports);
}

}  // namespace proctor
