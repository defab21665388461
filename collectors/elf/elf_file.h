#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace proctor {

struct ElfSection {
  std::string name;
  LinkAddress address{};
  FileOffset offset{};
  std::uint64_t size = 0;
  bool has_bytes = true;  // false for .bss
};

/// A PT_LOAD.
struct ElfSegment {
  LinkAddress address{};
  FileOffset offset{};
  std::uint64_t file_size = 0;
  std::uint64_t memory_size = 0;
  bool writable = false;
  bool executable = false;
};

struct ElfSymbol {
  LinkAddress address{};
  std::uint64_t size = 0;
};

/// A 64-bit little-endian ELF file, untrusted: every table is bounded and nothing is mapped, since a mapped file that
/// shrinks kills its reader. Headers, section names and segments are read at once, the rest on demand.
class ElfFile {
 public:
  /// Errors: malformed, not_supported (another class or byte order), io_error.
  static Result<ElfFile> open(UniqueFd file);

  bool is_position_independent() const;
  bool is_amd64() const;
  LinkAddress entry() const { return entry_; }
  const std::vector<ElfSegment>& segments() const { return segments_; }
  const ElfSection* section(std::string_view name) const;  // nullptr where there is none
  /// The bytes of a section as they stand in the file, at most 64 MiB.
  Result<std::vector<std::byte>> read_section(const ElfSection& section) const;
  /// Bytes at a link address that the file backs. short_read past the end of the segment's file part.
  Result<void> read_at(LinkAddress address, std::span<std::byte> into) const;
  /// From .symtab, else .dynsym, by exact names in one pass; absent ones are absent in the answer.
  std::vector<std::optional<ElfSymbol>> find_symbols(std::span<const std::string_view> names) const;
  /// Lower-case hexadecimal of the GNU build ID; for a Go binary without one its Go build ID. Empty without either.
  std::string build_id() const;
  int descriptor() const { return file_.get(); }

 private:
  ElfFile(UniqueFd file) : file_(std::move(file)) {}
  UniqueFd file_;
  std::uint16_t type_ = 0;
  std::uint16_t machine_ = 0;
  LinkAddress entry_{};
  std::vector<ElfSegment> segments_;
  std::vector<ElfSection> sections_;
};

}  // namespace proctor
