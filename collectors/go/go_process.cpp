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

/// The release, from the build information or, where the linker was told to leave that out, from the live variable.
Result<std::string> read_version(const ElfFile& file, const Result<GoBuildInfo>& info, LoadBias bias,
                                 const MemoryReader& memory, const std::shared_ptr<const MemoryReader>& image) {
  if (info) return info->go_version;
  constexpr std::array<std::string_view, 1> kName{"runtime.buildVersion"};
  const auto symbol = file.find_symbols(kName).front();
  if (!symbol) {
    auto version = find_version_by_code(file, bias, memory, image);
    if (version) return version;
    return fail(ErrorCode::unsupported_go_version, "the binary does not say its release: {}", version.error().message);
  }
  const RemoteAddress variable = loaded(symbol->address, bias);
  const auto text = PROCTOR_TRY(memory.read_value<RemoteAddress>(variable));
  const auto size = PROCTOR_TRY(memory.read_value<std::uint64_t>(variable + 8));
  if (size > kMaxVersionBytes) return fail(ErrorCode::implausible, "a release name of {} bytes", size);
  return memory.read_text(text, size);
}

}  // namespace

Result<GoProcess> GoProcess::attach(const ProcDir& process) {
  const auto file = std::make_shared<const ElfFile>(PROCTOR_TRY(open_executable(process)));
  if (!file->is_amd64()) return fail(ErrorCode::not_supported, "only amd64 executables are read");
  auto memory = std::make_unique<const ProcessMemory>(PROCTOR_TRY(ProcessMemory::open(process)));
  const LoadBias bias = PROCTOR_TRY(load_bias(process, *file));
  const auto image = std::make_shared<const ImageReader>(file, bias);
  const auto info = read_build_info(*file);
  std::string version = PROCTOR_TRY(read_version(*file, info, bias, *memory, image));
  const GoVersion release = PROCTOR_TRY(parse_go_version(version));
  const GoLayout* row = PROCTOR_TRY(layout_of(release));
  const auto types = DwarfTypes::open(*file, "runtime");
  if (const auto experiment = experiment_that_moves_fields(version); !experiment.empty() && !types) {
    return fail(ErrorCode::unsupported_go_version,
                "{} is built with the experiment {}, which may move fields, and has no DWARF that says where to",
                version, experiment.substr(0, 80));
  }
  const GoLayout layout = types ? with_dwarf(*row, *types) : *row;
  auto globals = find_globals_by_symbol(*file, bias);
  if (!globals) globals = find_globals_by_code(*file, bias, layout, *memory, image);
  if (!globals) return tl::unexpected(globals.error());
  const GoModule module = PROCTOR_TRY(read_go_module(*memory, globals->firstmoduledata, layout.moduledata));
  FunctionTable functions{image, module, layout.func};
  GoProcess attached{std::move(version), layout, *globals, std::move(memory), module, std::move(functions)};
  attached.traces_show_labels_ =
      release >= GoVersion{1, 27, 0} && (!info || info->default_godebug.find("tracebacklabels=0") == std::string::npos);
  if (info) attached.dependencies_ = info->dependencies;
  return attached;
}

}  // namespace proctor
