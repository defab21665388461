#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "collectors/elf/elf_file.h"

namespace proctor {

/// The structures that one compilation unit of an ELF file declares, from its DWARF. The bytes are untrusted.
class DwarfTypes {
 public:
  /// Reads the unit of that name ("runtime"). not_found where the file has no DWARF or no such unit.
  static Result<DwarfTypes> open(const ElfFile& file, std::string_view unit);

  /// Offset in bytes of a member, which may lie in a member: "sched.sp". Absent where there is no such structure or
  /// member.
  std::optional<std::uint32_t> offset_of(const std::string& structure, std::string_view path) const;
  /// Size in bytes of a structure.
  std::optional<std::uint32_t> size_of(const std::string& structure) const;

 private:
  struct Debug;
  explicit DwarfTypes(std::shared_ptr<const Debug> debug) : debug_(std::move(debug)) {}
  std::shared_ptr<const Debug> debug_;
};

}  // namespace proctor
