#include "collectors/go/go_process.h"

#include <elf.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "base/byte_cursor.h"
#include "collectors/elf/dwarf_types.h"
#include "collectors/elf/elf_file.h"
#include "collectors/elf/image_reader.h"
#include "collectors/go/build_info.h"
#include "collectors/go/go_version.h"

namespace proctor {
namespace {

constexpr std::uint64_t kMaxVersionBytes = 128;

Result<ElfFile> open_executable(const ProcDir& process) { return ElfFile::open(PROCTOR_TRY(process.open_file("exe"))); }

/// What the kernel's auxiliary vector says of where the program was loaded.
Result<LoadBias> load_bias(const ProcDir& process, const ElfFile& file) {
  if (!file.is_position_independent()) return LoadBias{0};
  const std::string auxv = PROCTOR_TRY(process.read_file("auxv"));
  ByteCursor cursor{std::as_bytes(std::span{auxv})};
  while (const auto type = cursor.read<std::uint64_t>()) {
    const auto value = cursor.read<std::uint64_t>();
    if (value && *type == AT_ENTRY) return LoadBias{*value - number(file.entry())};
  }
  return fail(ErrorCode::malformed, "auxv of process {} names no entry", number(process.pid()));
}

struct Symbols {
  GoGlobals globals;
  std::optional<RemoteAddress> build_version;
};

Result<Symbols> find_globals(const ElfFile& file, LoadBias bias) {
  constexpr std::array<std::string_view, 6> kNames{"runtime.allglen",         "runtime.allgptr",
                                                   "runtime.sched",           "runtime.allp",
                                                   "runtime.firstmoduledata", "runtime.buildVersion"};
  const auto symbols = file.find_symbols(kNames);
  // All but the last are needed.
  const auto missing = std::find(symbols.begin(), symbols.end() - 1, std::nullopt);
  if (missing != symbols.end() - 1) {
    return fail(ErrorCode::no_go_symbols, "the executable has no symbol {}",
                kNames[static_cast<std::size_t>(missing - symbols.begin())]);
  }
  const auto at = [&](std::size_t index) { return loaded(symbols[index]->address, bias); };
  Symbols found{.globals = {at(0), at(1), at(2), at(3), at(4)}, .build_version = {}};
  if (symbols[5]) found.build_version = at(5);
  return found;
}

/// The release, from the build information or, where the linker was told to leave that out, from the live variable.
Result<std::string> read_version(const ElfFile& file, const Symbols& symbols, const MemoryReader& memory) {
  if (const auto info = read_build_info(file)) return info->go_version;
  if (!symbols.build_version) return fail(ErrorCode::unsupported_go_version, "the binary does not say its release");
  const auto text = PROCTOR_TRY(memory.read_value<RemoteAddress>(*symbols.build_version));
  const auto size = PROCTOR_TRY(memory.read_value<std::uint64_t>(*symbols.build_version + 8));
  if (size > kMaxVersionBytes) return fail(ErrorCode::implausible, "a release name of {} bytes", size);
  return memory.read_text(text, size);
}

}  // namespace

Result<GoProcess> GoProcess::attach(const ProcDir& process) {
  const auto file = std::make_shared<const ElfFile>(PROCTOR_TRY(open_executable(process)));
  if (!file->is_amd64()) return fail(ErrorCode::not_supported, "only amd64 executables are read");
  auto memory = std::make_unique<const ProcessMemory>(PROCTOR_TRY(ProcessMemory::open(process)));
  const LoadBias bias = PROCTOR_TRY(load_bias(process, *file));
  const Symbols symbols = PROCTOR_TRY(find_globals(*file, bias));
  std::string version = PROCTOR_TRY(read_version(*file, symbols, *memory));
  const GoVersion release = PROCTOR_TRY(parse_go_version(version));
  const GoLayout* row = PROCTOR_TRY(layout_of(release));
  const auto types = DwarfTypes::open(*file, "runtime");
  const GoLayout layout = types ? with_dwarf(*row, *types) : *row;
  const GoModule module = PROCTOR_TRY(read_go_module(*memory, symbols.globals.firstmoduledata, layout.moduledata));
  FunctionTable functions{std::make_shared<const ImageReader>(file, bias), module, layout.func};
  return GoProcess{std::move(version), layout, symbols.globals, std::move(memory), std::move(functions)};
}

}  // namespace proctor
