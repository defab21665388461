#include "collectors/elf/elf_file.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "collectors/elf/elf_handle.h"

namespace proctor {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kMaxSections = 4096;
constexpr std::size_t kMaxSegments = 1024;
constexpr std::uint64_t kMaxSectionBytes = std::uint64_t{64} << 20;
constexpr std::uint64_t kMaxNoteBytes = std::uint64_t{64} << 10;
constexpr std::uint64_t kMaxSymbolBytes = std::uint64_t{512} << 20;
constexpr GElf_Word kGoBuildId = 4;

/// Fills `into` whole from `offset` of a file.
Result<void> read_fully(int fd, std::uint64_t offset, std::span<std::byte> into) {
  while (!into.empty()) {
    const ssize_t got = ::pread(fd, into.data(), into.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(errno, "read an ELF file");
    if (got == 0) return fail(ErrorCode::short_read, "the ELF file ends at {}", offset);
    into = into.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
  return {};
}

std::vector<ElfSegment> read_segments(Elf* elf) {
  std::vector<ElfSegment> segments;
  std::size_t count = 0;
  if (::elf_getphdrnum(elf, &count) != 0) return segments;
  for (std::size_t i = 0; i < std::min(count, kMaxSegments); ++i) {
    GElf_Phdr header;
    if (::gelf_getphdr(elf, static_cast<int>(i), &header) == nullptr || header.p_type != PT_LOAD) continue;
    segments.push_back({.address = LinkAddress{header.p_vaddr},
                        .offset = FileOffset{header.p_offset},
                        .file_size = header.p_filesz,
                        .memory_size = header.p_memsz,
                        .writable = (header.p_flags & PF_W) != 0,
                        .executable = (header.p_flags & PF_X) != 0});
  }
  return segments;
}

std::vector<ElfSection> read_sections(Elf* elf) {
  std::vector<ElfSection> sections;
  std::size_t names = 0;
  if (::elf_getshdrstrndx(elf, &names) != 0) return sections;
  for (Elf_Scn* section = nullptr; sections.size() < kMaxSections;) {
    section = ::elf_nextscn(elf, section);
    if (section == nullptr) break;
    GElf_Shdr header;
    if (::gelf_getshdr(section, &header) == nullptr) continue;
    const char* name = ::elf_strptr(elf, names, header.sh_name);
    sections.push_back({.name = name == nullptr ? "" : name,
                        .address = LinkAddress{header.sh_addr},
                        .offset = FileOffset{header.sh_offset},
                        .size = header.sh_size,
                        .has_bytes = header.sh_type != SHT_NOBITS});
  }
  return sections;
}

std::string hexadecimal(const unsigned char* bytes, std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text += fmt::format("{:02x}", bytes[i]);
  return text;
}

struct BuildIds {
  std::string gnu;
  std::string go;
};

void read_notes(Elf_Data* data, BuildIds& ids) {
  GElf_Nhdr note;
  std::size_t name_at = 0;
  std::size_t text_at = 0;
  for (std::size_t at = 0; (at = ::gelf_getnote(data, at, &note, &name_at, &text_at)) > 0;) {
    const auto* bytes = static_cast<const unsigned char*>(data->d_buf);
    const std::string_view owner{reinterpret_cast<const char*>(bytes + name_at), note.n_namesz};
    const std::size_t size = std::min<std::size_t>(note.n_descsz, 256);
    if (owner == "GNU\0"sv && note.n_type == NT_GNU_BUILD_ID) {
      ids.gnu = hexadecimal(bytes + text_at, size);
    } else if (owner == "Go\0\0"sv && note.n_type == kGoBuildId) {
      ids.go = std::string{reinterpret_cast<const char*>(bytes + text_at), size};
    }
  }
}

/// The section header of the symbols: .symtab, or .dynsym in a stripped file. nullptr where there are none.
Elf_Scn* symbol_section(Elf* elf, GElf_Shdr& header) {
  Elf_Scn* dynamic = nullptr;
  for (Elf_Scn* section = nullptr; (section = ::elf_nextscn(elf, section)) != nullptr;) {
    if (::gelf_getshdr(section, &header) == nullptr) continue;
    if (header.sh_type == SHT_SYMTAB) return section;
    if (header.sh_type == SHT_DYNSYM) dynamic = section;
  }
  if (dynamic != nullptr) ::gelf_getshdr(dynamic, &header);
  return dynamic;
}

}  // namespace

Result<ElfFile> ElfFile::open(UniqueFd file) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return fail_errno(errno, "stat an ELF file");
  // A pipe or a device would be read for ever.
  if (!S_ISREG(status.st_mode)) return fail(ErrorCode::malformed, "not a regular file");
  const ElfHandle elf = begin_elf(file.get());
  GElf_Ehdr header;
  if (!elf || ::elf_kind(elf.get()) != ELF_K_ELF || ::gelf_getehdr(elf.get(), &header) == nullptr) {
    return fail(ErrorCode::malformed, "not an ELF file");
  }
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB) {
    return fail(ErrorCode::not_supported, "an ELF file that is not 64-bit little-endian");
  }
  ElfFile result{std::move(file)};
  result.type_ = header.e_type;
  result.machine_ = header.e_machine;
  result.entry_ = LinkAddress{header.e_entry};
  result.segments_ = read_segments(elf.get());
  result.sections_ = read_sections(elf.get());
  return result;
}

bool ElfFile::is_position_independent() const { return type_ == ET_DYN; }

bool ElfFile::is_amd64() const { return machine_ == EM_X86_64; }

const ElfSection* ElfFile::section(std::string_view name) const {
  const auto found = std::ranges::find(sections_, name, &ElfSection::name);
  return found == sections_.end() ? nullptr : &*found;
}

Result<std::vector<std::byte>> ElfFile::read_section(const ElfSection& section) const {
  if (!section.has_bytes) return fail(ErrorCode::not_found, "section {} has no bytes in the file", section.name);
  if (section.size > kMaxSectionBytes) {
    return fail(ErrorCode::limit_reached, "section {} of {} bytes", section.name, section.size);
  }
  // The size is the file's claim: never more memory than the file has bytes.
  struct stat status {};
  if (::fstat(file_.get(), &status) != 0) return fail_errno(errno, "stat an ELF file");
  if (section.size > static_cast<std::uint64_t>(status.st_size)) {
    return fail(ErrorCode::short_read, "section {} is longer than its file", section.name);
  }
  std::vector<std::byte> bytes(section.size);
  PROCTOR_TRY_VOID(read_fully(file_.get(), number(section.offset), bytes));
  return bytes;
}

Result<void> ElfFile::read_at(LinkAddress address, std::span<std::byte> into) const {
  for (const ElfSegment& segment : segments_) {
    if (address < segment.address) continue;
    const std::uint64_t within = number(address) - number(segment.address);
    if (within >= segment.file_size) continue;
    if (into.size() > segment.file_size - within) break;
    return read_fully(file_.get(), number(segment.offset) + within, into);
  }
  return fail(ErrorCode::short_read, "{} bytes at link address {:#x} are not in the file", into.size(),
              number(address));
}

std::vector<std::optional<ElfSymbol>> ElfFile::find_symbols(std::span<const std::string_view> names) const {
  std::vector<std::optional<ElfSymbol>> found(names.size());
  const ElfHandle elf = begin_elf(file_.get());
  if (!elf) return found;
  GElf_Shdr header;
  Elf_Scn* section = symbol_section(elf.get(), header);
  if (section == nullptr || header.sh_size > kMaxSymbolBytes) return found;
  Elf_Data* data = ::elf_getdata(section, nullptr);
  if (data == nullptr) return found;
  std::size_t left = names.size();
  const std::size_t count = data->d_size / sizeof(Elf64_Sym);
  for (std::size_t i = 0; i < count && left > 0; ++i) {
    GElf_Sym symbol;
    if (::gelf_getsym(data, static_cast<int>(i), &symbol) == nullptr) break;
    if (symbol.st_shndx == SHN_UNDEF) continue;
    const char* text = ::elf_strptr(elf.get(), header.sh_link, symbol.st_name);
    if (text == nullptr) continue;
    const auto name = std::ranges::find(names, std::string_view{text});
    if (name == names.end()) continue;
    auto& place = found[static_cast<std::size_t>(name - names.begin())];
    if (!place) --left;
    place = ElfSymbol{LinkAddress{symbol.st_value}, symbol.st_size};
  }
  return found;
}

std::string ElfFile::build_id() const {
  BuildIds ids;
  const ElfHandle elf = begin_elf(file_.get());
  std::size_t count = 0;
  if (!elf || ::elf_getphdrnum(elf.get(), &count) != 0) return {};
  for (std::size_t i = 0; i < std::min(count, kMaxSegments); ++i) {
    GElf_Phdr header;
    if (::gelf_getphdr(elf.get(), static_cast<int>(i), &header) == nullptr) continue;
    if (header.p_type != PT_NOTE || header.p_filesz > kMaxNoteBytes) continue;
    const Elf_Type type = header.p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR;
    Elf_Data* data = ::elf_getdata_rawchunk(elf.get(), static_cast<std::int64_t>(header.p_offset),
                                            static_cast<std::size_t>(header.p_filesz), type);
    if (data != nullptr) read_notes(data, ids);
  }
  return ids.gnu.empty() ? ids.go : ids.gnu;
}

}  // namespace proctor
