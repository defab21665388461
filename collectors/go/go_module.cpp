#include "collectors/go/go_module.h"

#include <span>
#include <vector>

#include "base/byte_cursor.h"

namespace proctor {
namespace {

constexpr std::uint32_t kMagicOf118 = 0xfffffff0;
constexpr std::uint32_t kMagicOf120 = 0xfffffff1;
constexpr std::uint64_t kMaxTableBytes = std::uint64_t{1} << 30;
constexpr std::uint64_t kMaxFunctions = std::uint64_t{1} << 24;

/// runtime.pcHeader, 72 bytes.
struct PcHeader {
  std::uint32_t magic;
  std::uint8_t pad1, pad2, min_lc, pointer_size;
  std::uint64_t functions, files, text_start, funcname_offset, cu_offset, filetab_offset, pctab_offset, pcln_offset;
};
static_assert(sizeof(PcHeader) == 72);

}  // namespace

Result<GoModule> read_go_module(const MemoryReader& memory, RemoteAddress moduledata, const ModuledataLayout& layout) {
  std::vector<std::byte> bytes(layout.size);
  PROCTOR_TRY_VOID(memory.read(moduledata, bytes));
  const auto word = [&](std::uint32_t offset) { return load<std::uint64_t>(bytes, offset).value_or(0); };
  const auto table = [&](std::uint32_t offset) {
    return GoModule::Table{RemoteAddress{word(offset)}, word(offset + 8)};
  };
  const RemoteAddress header_at{word(layout.pc_header)};
  const auto header = PROCTOR_TRY(memory.read_value<PcHeader>(header_at));
  GoModule module{.funcnametab = table(layout.funcnametab),
                  .cutab = {RemoteAddress{word(layout.cutab)}, word(layout.cutab + 8) * 4},
                  .filetab = table(layout.filetab),
                  .pctab = table(layout.pctab),
                  .pclntable = table(layout.pclntable),
                  .ftab = RemoteAddress{word(layout.ftab)},
                  .entries = word(layout.ftab + 8),
                  .text = RemoteAddress{word(layout.text)},
                  .etext = RemoteAddress{word(layout.etext)},
                  .gofunc = RemoteAddress{word(layout.gofunc)},
                  .types = {RemoteAddress{word(layout.types)}, RemoteAddress{word(layout.etypes)}},
                  .data = {RemoteAddress{word(layout.data)}, RemoteAddress{word(layout.edata)}},
                  .bss = {RemoteAddress{word(layout.bss)}, RemoteAddress{word(layout.ebss)}},
                  .next = RemoteAddress{word(layout.next)}};
  if (layout.itablinks) module.itab_links = table(*layout.itablinks);
  if (layout.itaboffset && layout.itabsize) {
    module.itabs.begin = module.types.begin + word(*layout.itaboffset);
    module.itabs.end = module.itabs.begin + word(*layout.itabsize);
  }
  const bool header_fits = (header.magic == kMagicOf118 || header.magic == kMagicOf120) && header.pointer_size == 8 &&
                           header.functions + 1 == module.entries && module.entries < kMaxFunctions;
  const bool tables_fit = module.funcnametab.begin == header_at + header.funcname_offset &&
                          module.cutab.begin == header_at + header.cu_offset &&
                          module.filetab.begin == header_at + header.filetab_offset &&
                          module.pctab.begin == header_at + header.pctab_offset && module.text < module.etext;
  bool bounded = true;
  for (const auto& part : {module.funcnametab, module.cutab, module.filetab, module.pctab, module.pclntable}) {
    bounded = bounded && part.length < kMaxTableBytes;
  }
  if (!header_fits || !tables_fit || !bounded) {
    return fail(ErrorCode::layout_mismatch, "runtime.firstmoduledata at {:#x} does not fit its pclntab",
                number(moduledata));
  }
  return module;
}

}  // namespace proctor
