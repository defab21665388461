#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

namespace proctor {

/// An address in the address space of a target.
enum class RemoteAddress : std::uint64_t {};
/// An address as the linker wrote it into an ELF file: p_vaddr, st_value, DWARF.
enum class LinkAddress : std::uint64_t {};
/// An offset in a file.
enum class FileOffset : std::uint64_t {};
/// What is added to a LinkAddress to find it in the target. 0 for a fixed-position executable.
enum class LoadBias : std::uint64_t {};

constexpr std::uint64_t number(RemoteAddress address) { return static_cast<std::uint64_t>(address); }
constexpr std::uint64_t number(LinkAddress address) { return static_cast<std::uint64_t>(address); }
constexpr std::uint64_t number(FileOffset offset) { return static_cast<std::uint64_t>(offset); }
constexpr std::uint64_t number(LoadBias bias) { return static_cast<std::uint64_t>(bias); }

constexpr RemoteAddress operator+(RemoteAddress address, std::uint64_t bytes) {
  return RemoteAddress{number(address) + bytes};
}
constexpr RemoteAddress operator-(RemoteAddress address, std::uint64_t bytes) {
  return RemoteAddress{number(address) - bytes};
}
constexpr std::uint64_t operator-(RemoteAddress end, RemoteAddress begin) { return number(end) - number(begin); }

constexpr RemoteAddress loaded(LinkAddress address, LoadBias bias) {
  return RemoteAddress{number(address) + number(bias)};
}

/// [begin, end) in a target.
struct AddressRange {
  RemoteAddress begin{};
  RemoteAddress end{};

  constexpr std::uint64_t size() const { return end - begin; }
  constexpr bool contains(RemoteAddress address) const { return address >= begin && address < end; }
  friend constexpr auto operator<=>(const AddressRange&, const AddressRange&) = default;
};

}  // namespace proctor
