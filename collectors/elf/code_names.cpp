#include "collectors/elf/code_names.h"

#include <cxxabi.h>
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

#include "base/text.h"
#include "collectors/elf/elf_handle.h"

namespace proctor {
namespace {

constexpr std::uint64_t kMaxDebugBytes = std::uint64_t{256} << 20;
constexpr std::uint64_t kMaxSymbolBytes = std::uint64_t{512} << 20;
constexpr std::size_t kMaxNameBytes = 512;
constexpr std::size_t kRustHashBytes = 19;  // "::h" and 16 digits

struct EndDwarf {
  void operator()(Dwarf* dwarf) const { ::dwarf_end(dwarf); }
};
struct Free {
  void operator()(void* block) const { std::free(block); }  // NOLINT(cppcoreguidelines-no-malloc): of libdw
};
using Scopes = std::unique_ptr<Dwarf_Die, Free>;

std::string demangled(const char* name) {
  int status = 0;
  const std::unique_ptr<char, Free> plain{abi::__cxa_demangle(name, nullptr, nullptr, &status)};
  std::string text = to_valid_utf8(status == 0 ? plain.get() : name, kMaxNameBytes);
  // The older mangling of Rust ends in a hash of the build.
  const std::size_t hash = text.rfind("::h");
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (hash != std::string::npos && text.size() - hash == kRustHashBytes &&
      std::ranges::all_of(text.substr(hash + 3), is_digit)) {
    text.resize(hash);
  }
  return text;
}

/// For each address the name of the function symbol that holds it.
class Symbols {
 public:
  explicit Symbols(std::span<const LinkAddress> addresses) : addresses_(addresses), names_(addresses.size()) {
    order_.resize(addresses.size());
    for (std::size_t i = 0; i < order_.size(); ++i) order_[i] = i;
    std::ranges::sort(order_, {}, [&](std::size_t i) { return addresses_[i]; });
  }

  /// Takes what the symbol table of `type` in the file names; those named already stay.
  void take(Elf* elf, Elf64_Word type);
  const std::vector<std::string>& names() const { return names_; }

 private:
  std::span<const LinkAddress> addresses_;
  std::vector<std::size_t> order_;  // indices, by address
  std::vector<std::string> names_;
};

void Symbols::take(Elf* elf, Elf64_Word type) {
  for (Elf_Scn* section = nullptr; (section = ::elf_nextscn(elf, section)) != nullptr;) {
    GElf_Shdr header;
    if (::gelf_getshdr(section, &header) == nullptr || header.sh_type != type || header.sh_size > kMaxSymbolBytes)
      continue;
    Elf_Data* data = ::elf_getdata(section, nullptr);
    const std::size_t count = data == nullptr ? 0 : data->d_size / sizeof(Elf64_Sym);
    for (std::size_t i = 0; i < count; ++i) {
      GElf_Sym symbol;
      if (::gelf_getsym(data, static_cast<int>(i), &symbol) == nullptr) break;
      const int kind = GELF_ST_TYPE(symbol.st_info);
      if (symbol.st_shndx == SHN_UNDEF || symbol.st_size == 0 || (kind != STT_FUNC && kind != STT_GNU_IFUNC)) continue;
      auto held = std::ranges::lower_bound(order_, LinkAddress{symbol.st_value}, {},
                                           [&](std::size_t index) { return addresses_[index]; });
      for (; held != order_.end() && number(addresses_[*held]) - symbol.st_value < symbol.st_size; ++held) {
        const char* text = ::elf_strptr(elf, header.sh_link, symbol.st_name);
        if (names_[*held].empty() && text != nullptr) names_[*held] = demangled(text);
      }
    }
  }
}

/// What a file's debug information says of addresses.
class DebugLines {
 public:
  explicit DebugLines(Elf* elf) : dwarf_(::dwarf_begin_elf(elf, DWARF_C_READ, nullptr)) {}

  /// Inlined calls first, the physical function last; `symbol` names that one where the debug information does not.
  std::vector<Frame> frames_at(LinkAddress address, const std::string& symbol);

 private:
  bool find_unit(Dwarf_Addr address, Dwarf_Die& unit);

  std::unique_ptr<Dwarf, EndDwarf> dwarf_;
};

bool DebugLines::find_unit(Dwarf_Addr address, Dwarf_Die& unit) {
  if (!dwarf_) return false;
  if (::dwarf_addrdie(dwarf_.get(), address, &unit) != nullptr) return true;
  // Some compilers write no table of ranges.
  Dwarf_Off next = 0;
  std::size_t header = 0;
  for (Dwarf_Off offset = 0; ::dwarf_nextcu(dwarf_.get(), offset, &next, &header, nullptr, nullptr, nullptr) == 0;
       offset = next) {
    if (::dwarf_offdie(dwarf_.get(), offset + header, &unit) != nullptr && ::dwarf_haspc(&unit, address) > 0)
      return true;
  }
  return false;
}

/// What the definition of a function, or of the instance of an inlined one, refers to: its declaration.
Dwarf_Die declaration_of(Dwarf_Die function) {
  constexpr int kMostSteps = 4;
  for (int step = 0; step < kMostSteps; ++step) {
    Dwarf_Attribute attribute;
    Dwarf_Die next;
    const bool refers = ::dwarf_attr(&function, DW_AT_abstract_origin, &attribute) != nullptr ||
                        ::dwarf_attr(&function, DW_AT_specification, &attribute) != nullptr;
    if (!refers || ::dwarf_formref_die(&attribute, &next) == nullptr) break;
    function = next;
  }
  return function;
}

/// The name with those of what it is declared in: a lambda's alone is "operator()".
std::string qualified(Dwarf_Die& function) {
  const char* plain = ::dwarf_diename(&function);
  if (plain == nullptr) return {};
  std::string name = to_valid_utf8(plain, kMaxNameBytes);
  Dwarf_Die declaration = declaration_of(function);
  Dwarf_Die* found = nullptr;
  const int count = ::dwarf_getscopes_die(&declaration, &found);
  const Scopes scopes{found};
  for (int i = 1; i < count && name.size() < kMaxNameBytes; ++i) {
    const int tag = ::dwarf_tag(&found[i]);
    const char* outer = ::dwarf_diename(&found[i]);
    if (tag == DW_TAG_namespace) {
      name.insert(0, outer == nullptr ? "(anonymous namespace)::" : std::string{outer} + "::");
    } else if (tag == DW_TAG_class_type || tag == DW_TAG_structure_type || tag == DW_TAG_subprogram) {
      name.insert(0, outer == nullptr ? "(lambda)::" : std::string{outer} + "::");
    }
  }
  return to_valid_utf8(name, kMaxNameBytes);
}

std::string name_of(Dwarf_Die& function) {
  Dwarf_Attribute attribute;
  const char* linkage = nullptr;
  if (::dwarf_attr_integrate(&function, DW_AT_linkage_name, &attribute) != nullptr)
    linkage = ::dwarf_formstring(&attribute);
  if (linkage != nullptr) return demangled(linkage);
  return qualified(function);
}

/// Where an inlined call stands in its caller.
void place_at_call(Dwarf_Die& inlined, Dwarf_Files* files, Frame& frame) {
  Dwarf_Attribute attribute;
  Dwarf_Word value = 0;
  const auto read = [&](unsigned name) {
    return ::dwarf_attr(&inlined, name, &attribute) != nullptr && ::dwarf_formudata(&attribute, &value) == 0;
  };
  frame.file.clear();
  frame.line = read(DW_AT_call_line) ? static_cast<std::uint32_t>(value) : 0;
  if (files == nullptr || !read(DW_AT_call_file)) return;
  const char* file = ::dwarf_filesrc(files, value, nullptr, nullptr);
  if (file != nullptr) frame.file = to_valid_utf8(file, kMaxNameBytes);
}

std::vector<Frame> DebugLines::frames_at(LinkAddress address, const std::string& symbol) {
  std::vector<Frame> frames;
  Frame physical{.function = symbol};
  Dwarf_Die unit;
  if (find_unit(number(address), unit)) {
    Dwarf_Line* line = ::dwarf_getsrc_die(&unit, number(address));
    const char* file = line == nullptr ? nullptr : ::dwarf_linesrc(line, nullptr, nullptr);
    int row = 0;
    if (file != nullptr && ::dwarf_lineno(line, &row) == 0) {
      physical.file = to_valid_utf8(file, kMaxNameBytes);
      physical.line = static_cast<std::uint32_t>(std::max(row, 0));
    }
    Dwarf_Files* files = nullptr;
    std::size_t count = 0;
    if (::dwarf_getsrcfiles(&unit, &files, &count) != 0) files = nullptr;
    // The scopes of an address go on in the definition of an inlined function; those of its innermost entry, in the
    // function that it was inlined into.
    Dwarf_Die* innermost = nullptr;
    Dwarf_Die* outwards = nullptr;
    const int found = ::dwarf_getscopes(&unit, number(address), &innermost);
    const Scopes own_innermost{innermost};
    const int scopes = found > 0 ? ::dwarf_getscopes_die(innermost, &outwards) : 0;
    const Scopes own_outwards{outwards};
    for (int i = 0; i < scopes; ++i) {
      Dwarf_Die& scope = outwards[i];
      const int tag = ::dwarf_tag(&scope);
      if (tag == DW_TAG_subprogram) {
        if (std::string name = name_of(scope); !name.empty()) physical.function = std::move(name);
        break;
      }
      if (tag != DW_TAG_inlined_subroutine) continue;
      Frame call{.function = name_of(scope), .file = physical.file, .line = physical.line};
      place_at_call(scope, files, physical);
      frames.push_back(std::move(call));
    }
  }
  if (!physical.function.empty()) frames.push_back(std::move(physical));
  return frames;
}

bool has_lines(const ElfFile& file) {
  const ElfSection* info = file.section(".debug_info");
  return info != nullptr && info->has_bytes && info->size <= kMaxDebugBytes;
}

/// The file that a distribution ships apart, found by its build ID.
std::optional<ElfFile> debug_file_of(const ElfFile& file) {
  const std::string id = file.build_id();
  if (id.size() < 3 || id.find('/') != std::string::npos) return std::nullopt;
  const std::string path = fmt::format("/usr/lib/debug/.build-id/{}/{}.debug", id.substr(0, 2), id.substr(2));
  UniqueFd descriptor{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!descriptor.valid()) return std::nullopt;
  auto debug = ElfFile::open(std::move(descriptor));
  return debug && debug->build_id() == id ? std::optional{*std::move(debug)} : std::nullopt;
}

}  // namespace

std::vector<std::vector<Frame>> name_code(const ElfFile& file, std::span<const LinkAddress> addresses) {
  std::vector<std::vector<Frame>> named(addresses.size());
  const ElfHandle elf = begin_elf(file.descriptor());
  if (!elf) return named;
  const std::optional<ElfFile> debug = has_lines(file) ? std::nullopt : debug_file_of(file);
  const ElfHandle debug_elf = debug ? begin_elf(debug->descriptor()) : nullptr;
  Symbols symbols{addresses};
  symbols.take(elf.get(), SHT_SYMTAB);
  if (debug_elf) symbols.take(debug_elf.get(), SHT_SYMTAB);
  symbols.take(elf.get(), SHT_DYNSYM);
  Elf* lines_in = has_lines(file) ? elf.get() : debug && has_lines(*debug) ? debug_elf.get() : nullptr;
  std::optional<DebugLines> lines;
  if (lines_in != nullptr) lines.emplace(lines_in);
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const std::string& symbol = symbols.names()[i];
    if (lines) {
      named[i] = lines->frames_at(addresses[i], symbol);
    } else if (!symbol.empty()) {
      named[i] = {Frame{.function = symbol, .file = {}, .line = 0}};
    }
  }
  return named;
}

}  // namespace proctor
