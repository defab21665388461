#include "collectors/elf/frame_rules.h"

#include <dwarf.h>
#include <elfutils/libdw.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "base/byte_cursor.h"
#include "collectors/elf/elf_handle.h"

namespace proctor {
namespace {

constexpr std::uint64_t kMaxFrameBytes = std::uint64_t{64} << 20;
constexpr std::uint8_t kRelativeSigned4 = DW_EH_PE_pcrel | DW_EH_PE_sdata4;

struct EndCfi {
  void operator()(Dwarf_CFI* cfi) const { ::dwarf_cfi_end(cfi); }
};
struct Free {
  void operator()(Dwarf_Frame* frame) const { std::free(frame); }  // NOLINT(cppcoreguidelines-no-malloc): of libdw
};

/// How a CIE's entries write the address of their code; nothing for a form that is not the usual one.
bool has_usual_pointers(const Dwarf_CIE& cie) {
  const std::string_view augmentation = cie.augmentation == nullptr ? "" : cie.augmentation;
  if (!augmentation.starts_with('z')) return false;
  std::size_t at = 0;
  for (const char letter : augmentation.substr(1)) {
    if (at >= cie.augmentation_data_size) return false;
    if (letter == 'R') return cie.augmentation_data[at] == kRelativeSigned4;
    if (letter == 'L') {
      at += 1;
    } else if (letter == 'P') {
      // A pointer to the handler of exceptions: of four bytes where its encoding says so.
      const std::uint8_t size = cie.augmentation_data[at] & 0x0f;
      at += 1 + (size == DW_EH_PE_sdata4 || size == DW_EH_PE_udata4 ? 4 : 8);
    }
  }
  return false;
}

}  // namespace

std::optional<std::size_t> saved_registers(const ElfFile& file, LinkAddress address) {
  constexpr std::array<int, 5> kRegisters{3, 12, 13, 14, 15};
  const ElfSection* section = file.section(".eh_frame");
  const ElfHandle elf = begin_elf(file.descriptor());
  if (!elf || section == nullptr || section->size > kMaxFrameBytes) return std::nullopt;
  const std::unique_ptr<Dwarf_CFI, EndCfi> cfi{::dwarf_getcfi_elf(elf.get())};
  Dwarf_Frame* found = nullptr;
  if (!cfi || ::dwarf_cfi_addrframe(cfi.get(), number(address), &found) != 0) return std::nullopt;
  const std::unique_ptr<Dwarf_Frame, Free> frame{found};
  std::size_t saved = 0;
  for (const int register_number : kRegisters) {
    std::array<Dwarf_Op, 3> room{};
    Dwarf_Op* operations = nullptr;
    std::size_t count = 0;
    if (::dwarf_frame_register(frame.get(), register_number, room.data(), &operations, &count) != 0) continue;
    // Undefined and unchanged registers have no operations.
    if (count > 0) ++saved;
  }
  return saved;
}

std::vector<FrameTableEntry> frame_table(const ElfFile& file) {
  std::vector<FrameTableEntry> table;
  const ElfSection* section = file.section(".eh_frame");
  if (section == nullptr || section->size > kMaxFrameBytes) return table;
  auto bytes = file.read_section(*section);
  if (!bytes) return table;
  Elf_Data data{};
  data.d_buf = bytes->data();
  data.d_size = bytes->size();
  data.d_type = ELF_T_BYTE;
  data.d_version = EV_CURRENT;
  std::array<unsigned char, EI_NIDENT> ident{ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT};
  Dwarf_Off cie_at = 0;
  bool usual = false;
  Dwarf_CFI_Entry entry;
  Dwarf_Off next = 0;
  for (Dwarf_Off at = 0; ::dwarf_next_cfi(ident.data(), &data, true, at, &next, &entry) == 0; at = next) {
    if (dwarf_cfi_cie_p(&entry)) {
      cie_at = at;
      usual = has_usual_pointers(entry.cie);
      continue;
    }
    if (entry.fde.CIE_pointer != cie_at) {
      Dwarf_CFI_Entry cie;
      Dwarf_Off ignored = 0;
      cie_at = entry.fde.CIE_pointer;
      usual = ::dwarf_next_cfi(ident.data(), &data, true, cie_at, &ignored, &cie) == 0 && dwarf_cfi_cie_p(&cie) &&
              has_usual_pointers(cie.cie);
    }
    const auto begin_at = static_cast<std::uint64_t>(entry.fde.start - static_cast<const std::uint8_t*>(data.d_buf));
    const auto begin = load<std::int32_t>(*bytes, begin_at);
    if (!usual || !begin) continue;
    // The address is relative to where it is written; the table's, to the section.
    table.push_back({.begin = static_cast<std::int32_t>(begin_at) + *begin, .entry = static_cast<std::int32_t>(at)});
  }
  std::ranges::sort(table, {}, &FrameTableEntry::begin);
  return table;
}

}  // namespace proctor
