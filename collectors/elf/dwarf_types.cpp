#include "collectors/elf/dwarf_types.h"

#include <dwarf.h>
#include <elfutils/libdw.h>

#include "collectors/elf/elf_handle.h"

namespace proctor {
namespace {

constexpr std::uint64_t kMaxDebugBytes = std::uint64_t{256} << 20;
constexpr int kMaxNesting = 8;

struct EndDwarf {
  void operator()(Dwarf* dwarf) const { ::dwarf_end(dwarf); }
};

std::string_view name_of(Dwarf_Die& die) {
  const char* name = ::dwarf_diename(&die);
  return name == nullptr ? "" : name;
}

std::optional<std::uint32_t> constant(Dwarf_Die& die, unsigned attribute) {
  Dwarf_Attribute value;
  Dwarf_Word number = 0;
  if (::dwarf_attr(&die, attribute, &value) == nullptr || ::dwarf_formudata(&value, &number) != 0) return std::nullopt;
  if (number > UINT32_MAX) return std::nullopt;
  return static_cast<std::uint32_t>(number);
}

/// The type of a member, with names for it taken away.
std::optional<Dwarf_Die> type_of(Dwarf_Die& member) {
  Dwarf_Attribute attribute;
  Dwarf_Die type;
  if (::dwarf_attr(&member, DW_AT_type, &attribute) == nullptr || ::dwarf_formref_die(&attribute, &type) == nullptr) {
    return std::nullopt;
  }
  Dwarf_Die plain;
  return ::dwarf_peel_type(&type, &plain) == 0 ? std::optional{plain} : std::nullopt;
}

std::optional<Dwarf_Die> member_of(Dwarf_Die& structure, std::string_view name) {
  Dwarf_Die member;
  if (::dwarf_child(&structure, &member) != 0) return std::nullopt;
  do {
    if (::dwarf_tag(&member) == DW_TAG_member && name_of(member) == name) return member;
  } while (::dwarf_siblingof(&member, &member) == 0);
  return std::nullopt;
}

/// Bytes of debug information in the file's own words; decompressing them takes a few times as much memory.
bool is_bounded(const ElfFile& file) {
  for (const char* name : {".debug_info", ".zdebug_info"}) {
    const ElfSection* section = file.section(name);
    if (section != nullptr) return section->size <= kMaxDebugBytes;
  }
  return false;
}

}  // namespace

struct DwarfTypes::Debug {
  ElfHandle elf;
  std::unique_ptr<Dwarf, EndDwarf> dwarf;
  std::unordered_map<std::string, Dwarf_Die> structures;
};

Result<DwarfTypes> DwarfTypes::open(const ElfFile& file, std::string_view unit) {
  if (!is_bounded(file)) return fail(ErrorCode::not_found, "no DWARF of a bearable size");
  auto debug = std::make_shared<Debug>();
  debug->elf = begin_elf(file.descriptor());
  debug->dwarf.reset(::dwarf_begin_elf(debug->elf.get(), DWARF_C_READ, nullptr));
  if (!debug->dwarf) return fail(ErrorCode::not_found, "no DWARF");
  Dwarf_CU* current = nullptr;
  Dwarf_Die root;
  while (::dwarf_get_units(debug->dwarf.get(), current, &current, nullptr, nullptr, &root, nullptr) == 0) {
    if (name_of(root) != unit) continue;
    Dwarf_Die type;
    if (::dwarf_child(&root, &type) != 0) continue;
    do {
      if (::dwarf_tag(&type) == DW_TAG_structure_type) debug->structures.emplace(name_of(type), type);
    } while (::dwarf_siblingof(&type, &type) == 0);
  }
  if (debug->structures.empty()) return fail(ErrorCode::not_found, "no structures of unit {} in the DWARF", unit);
  return DwarfTypes{std::move(debug)};
}

std::optional<std::uint32_t> DwarfTypes::size_of(const std::string& structure) const {
  const auto found = debug_->structures.find(structure);
  if (found == debug_->structures.end()) return std::nullopt;
  Dwarf_Die die = found->second;
  return constant(die, DW_AT_byte_size);
}

std::optional<std::uint32_t> DwarfTypes::offset_of(const std::string& structure, std::string_view path) const {
  const auto found = debug_->structures.find(structure);
  if (found == debug_->structures.end()) return std::nullopt;
  Dwarf_Die type = found->second;
  std::uint32_t sum = 0;
  for (int depth = 0; depth < kMaxNesting; ++depth) {
    const std::size_t dot = path.find('.');
    auto member = member_of(type, path.substr(0, dot));
    if (!member) return std::nullopt;
    const auto offset = constant(*member, DW_AT_data_member_location);
    if (!offset) return std::nullopt;
    sum += *offset;
    if (dot == std::string_view::npos) return sum;
    path.remove_prefix(dot + 1);
    const auto inner = type_of(*member);
    if (!inner) return std::nullopt;
    type = *inner;
  }
  return std::nullopt;
}

}  // namespace proctor
