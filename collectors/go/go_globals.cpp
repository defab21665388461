#include "collectors/go/go_globals.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_cursor.h"
#include "collectors/go/function_table.h"
#include "collectors/go/go_module.h"

namespace proctor {
namespace {

constexpr std::uint64_t kMaxSearched = std::uint64_t{64} << 20;
constexpr std::uint64_t kMaxFunctionBytes = 4096;
constexpr std::size_t kWord = 8;

/// The operation of a seven-byte instruction that refers to a variable relative to its own end: REX.W, opcode, ModRM.
using Instruction = std::array<std::uint8_t, 3>;
constexpr Instruction kLoadIntoRcx{0x48, 0x8B, 0x0D};
constexpr Instruction kLoadIntoRbx{0x48, 0x8B, 0x1D};
constexpr Instruction kLoadIntoRsi{0x48, 0x8B, 0x35};
constexpr Instruction kAddressIntoRax{0x48, 0x8D, 0x05};

tl::unexpected<Error> not_found(std::string_view what) {
  return fail(ErrorCode::no_go_symbols, "the executable has no symbols, and {} is not found without them", what);
}

/// Where the runtime says that its module data stands: in a section of its own from Go 1.26 on, else where a word
/// points to the function table. It is searched in the live process, since in the file of a position-independent binary
/// that word is not filled in yet.
Result<RemoteAddress> find_moduledata(const ElfFile& file, LoadBias bias, const GoLayout& layout,
                                      const MemoryReader& memory) {
  if (const ElfSection* module = file.section(".go.module")) return loaded(module->address, bias);
  const ElfSection* table = file.section(".gopclntab");
  if (table == nullptr) table = file.section(".data.rel.ro.gopclntab");
  if (table == nullptr) return not_found("the function table");
  const std::uint64_t wanted = number(loaded(table->address, bias));
  for (const char* name : {".noptrdata", ".data", ".data.rel.ro"}) {
    const ElfSection* section = file.section(name);
    if (section == nullptr || section->size > kMaxSearched) continue;
    std::vector<std::byte> bytes(section->size);
    if (!memory.read(loaded(section->address, bias), bytes)) continue;
    for (std::uint64_t at = 0; at + kWord <= bytes.size(); at += kWord) {
      if (load<std::uint64_t>(bytes, at) != wanted) continue;
      const RemoteAddress candidate = loaded(section->address, bias) + at;
      if (read_go_module(memory, candidate, layout.moduledata)) return candidate;
    }
  }
  return not_found("its module data");
}

/// The code of some functions of the runtime, by name.
class RuntimeCode {
 public:
  RuntimeCode(const ElfFile& file, LoadBias bias, std::shared_ptr<const MemoryReader> image, const GoModule& module,
              const FuncLayout& layout)
      : file_(file), bias_(bias), image_(std::move(image)), module_(module), functions_(image_, module, layout) {}

  /// One pass over the table. no_go_symbols where one of the first `needed` names is not in it.
  Result<void> find(std::span<const std::string_view> names, std::size_t needed);
  /// The variable that the first such instruction of the function `index` of `find` refers to.
  Result<RemoteAddress> reference(std::size_t index, const Instruction& instruction) const;
  /// The first variable that the function takes the address of, in whichever register.
  Result<RemoteAddress> address(std::size_t index) const;
  /// Every variable that the function loads or takes the address of, in its order.
  std::vector<RemoteAddress> references(std::size_t index) const;
  /// The variable of one byte that the function first sets to 1.
  Result<RemoteAddress> flag(std::size_t index) const;

 private:
  struct Function {
    std::string name;
    std::vector<std::byte> code;
    RemoteAddress entry{};
  };
  struct Reference {
    std::uint8_t opcode = 0;
    RemoteAddress variable{};
  };
  std::vector<Reference> all_references(std::size_t index) const;
  bool is_variable(RemoteAddress address) const;

  const ElfFile& file_;
  LoadBias bias_;
  std::shared_ptr<const MemoryReader> image_;
  GoModule module_;
  FunctionTable functions_;
  std::vector<Function> found_;
};

Result<void> RuntimeCode::find(std::span<const std::string_view> names, std::size_t needed) {
  struct Entry {
    std::uint32_t entry, record;
  };
  found_.resize(names.size());
  std::size_t left = names.size();
  for (std::uint64_t i = 0; i + 1 < module_.entries && left > 0; ++i) {
    std::array<Entry, 2> entries{};
    PROCTOR_TRY_VOID(image_->read(module_.ftab + i * sizeof(Entry), std::as_writable_bytes(std::span{entries})));
    const RemoteAddress entry = module_.text + entries[0].entry;
    const auto name = functions_.name_of({entry, entries[0].record});
    const auto wanted = name ? std::ranges::find(names, *name) : names.end();
    if (wanted == names.end() || entries[1].entry <= entries[0].entry) continue;
    Function& function = found_[static_cast<std::size_t>(wanted - names.begin())];
    function = {*name,
                std::vector<std::byte>(std::min<std::uint64_t>(entries[1].entry - entries[0].entry, kMaxFunctionBytes)),
                entry};
    PROCTOR_TRY_VOID(image_->read(entry, function.code));
    --left;
  }
  for (std::size_t i = 0; i < needed; ++i) {
    if (found_[i].code.empty()) return not_found(names[i]);
  }
  return {};
}

bool RuntimeCode::is_variable(RemoteAddress address) const {
  return std::ranges::any_of(file_.segments(), [&](const ElfSegment& segment) {
    const RemoteAddress begin = loaded(segment.address, bias_);
    return segment.writable && AddressRange{begin, begin + segment.memory_size}.contains(address);
  });
}

Result<RemoteAddress> RuntimeCode::reference(std::size_t index, const Instruction& instruction) const {
  const Function& function = found_[index];
  constexpr std::size_t kLength = 7;
  for (std::size_t at = 0; at + kLength <= function.code.size(); ++at) {
    if (std::memcmp(function.code.data() + at, instruction.data(), instruction.size()) != 0) continue;
    const auto distance = load<std::int32_t>(function.code, at + instruction.size()).value_or(0);
    const RemoteAddress target = function.entry + at + kLength + static_cast<std::uint64_t>(std::int64_t{distance});
    if (is_variable(target)) return target;
  }
  return not_found(function.name);
}

Result<RemoteAddress> RuntimeCode::address(std::size_t index) const {
  constexpr std::uint8_t kAddress = 0x8D;
  for (const Reference& reference : all_references(index)) {
    if (reference.opcode == kAddress) return reference.variable;
  }
  return not_found(found_[index].name);
}

std::vector<RemoteAddress> RuntimeCode::references(std::size_t index) const {
  std::vector<RemoteAddress> variables;
  for (const Reference& reference : all_references(index)) variables.push_back(reference.variable);
  return variables;
}

std::vector<RuntimeCode::Reference> RuntimeCode::all_references(std::size_t index) const {
  const Function& function = found_[index];
  constexpr std::size_t kLength = 7;
  constexpr std::uint8_t kRexW = 0x48, kLoad = 0x8B, kAddress = 0x8D, kRelative = 0x05, kModeMask = 0xC7;
  std::vector<Reference> targets;
  for (std::size_t at = 0; at + kLength <= function.code.size(); ++at) {
    const auto instruction = load<Instruction>(function.code, at).value_or(Instruction{});
    if ((instruction[0] & 0xFB) != kRexW || (instruction[1] != kLoad && instruction[1] != kAddress) ||
        (instruction[2] & kModeMask) != kRelative) {
      continue;
    }
    const auto distance = load<std::int32_t>(function.code, at + instruction.size()).value_or(0);
    const RemoteAddress target = function.entry + at + kLength + static_cast<std::uint64_t>(std::int64_t{distance});
    if (is_variable(target)) targets.push_back({.opcode = instruction[1], .variable = target});
  }
  return targets;
}

Result<RemoteAddress> RuntimeCode::flag(std::size_t index) const {
  const Function& function = found_[index];
  constexpr std::size_t kLength = 7;  // opcode, ModRM, distance, value
  for (std::size_t at = 0; at + kLength <= function.code.size(); ++at) {
    const auto opcode = load<std::uint16_t>(function.code, at).value_or(0);
    if (opcode != 0x05C6 || function.code[at + kLength - 1] != std::byte{1}) continue;
    const auto distance = load<std::int32_t>(function.code, at + 2).value_or(0);
    const RemoteAddress target = function.entry + at + kLength + static_cast<std::uint64_t>(std::int64_t{distance});
    if (is_variable(target)) return target;
  }
  return not_found(function.name);
}

}  // namespace

Result<GoGlobals> find_globals_by_symbol(const ElfFile& file, LoadBias bias) {
  constexpr std::array<std::string_view, 15> kNames{
      "runtime.allglen",         "runtime.allgptr",          "runtime.sched",        "runtime.allp",
      "runtime.firstmoduledata", "runtime.memstats",         "runtime.gcController", "runtime.semtable",
      "runtime.mheap_",          "runtime.MemProfileRate",   "runtime.mbuckets",     "runtime.bbuckets",
      "runtime.xbuckets",        "runtime.mutexprofilerate", "__tsan_report_count"};
  constexpr std::size_t kNeeded = 5;
  const auto symbols = file.find_symbols(kNames);
  for (std::size_t i = 0; i < kNeeded; ++i) {
    if (!symbols[i]) return fail(ErrorCode::no_go_symbols, "the executable has no symbol {}", kNames[i]);
  }
  const auto at = [&](std::size_t index) {
    return symbols[index] ? loaded(symbols[index]->address, bias) : RemoteAddress{};
  };
  GoGlobals globals{at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7), at(8), at(9), {}, {}, {}, at(13)};
  globals.race_report_count = at(14);
  if (symbols[10]) globals.memory_buckets = {at(10)};
  if (symbols[11]) globals.block_buckets = {at(11)};
  if (symbols[12]) globals.mutex_buckets = {at(12)};
  return globals;
}

Result<std::string> find_version_by_code(const ElfFile& file, LoadBias bias, const MemoryReader& memory,
                                         const std::shared_ptr<const MemoryReader>& image) {
  constexpr std::uint64_t kMaxVersionBytes = 128;
  // What names functions stands at the same place in every release that is read.
  const GoLayout& any = all_layouts().back();
  const RemoteAddress moduledata = PROCTOR_TRY(find_moduledata(file, bias, any, memory));
  const GoModule module = PROCTOR_TRY(read_go_module(memory, moduledata, any.moduledata));
  RuntimeCode code{file, bias, image, module, any.func};
  constexpr std::array<std::string_view, 1> kNames{"runtime.schedinit"};
  PROCTOR_TRY_VOID(code.find(kNames, kNames.size()));
  for (const RemoteAddress variable : code.references(0)) {
    const auto text = memory.read_value<RemoteAddress>(variable);
    const auto size = memory.read_value<std::uint64_t>(variable + kWord);
    if (!text || !size || *size == 0 || *size > kMaxVersionBytes) continue;
    const auto version = memory.read_text(*text, *size);
    if (version && (version->starts_with("go1.") || version->starts_with("devel"))) return *version;
  }
  return not_found("its release");
}

Result<GoGlobals> find_globals_by_code(const ElfFile& file, LoadBias bias, const GoLayout& layout,
                                       const MemoryReader& memory, const std::shared_ptr<const MemoryReader>& image) {
  GoGlobals globals;
  globals.firstmoduledata = PROCTOR_TRY(find_moduledata(file, bias, layout, memory));
  const GoModule module = PROCTOR_TRY(read_go_module(memory, globals.firstmoduledata, layout.moduledata));
  RuntimeCode code{file, bias, image, module, layout.func};
  // The last five are not linked into a program that has no use for them.
  constexpr std::array<std::string_view, 11> kNames{
      "runtime.forEachGRace", "runtime.schedEnableUser", "runtime.preemptall", "runtime.gcenable",     "runtime.gcinit",
      "runtime.findObject",   "runtime.semrelease1",     "runtime.stkbucket",  "runtime.profilealloc", "sync.event",
      "runtime.mutexevent"};
  constexpr std::size_t kNeeded = 5;
  PROCTOR_TRY_VOID(code.find(kNames, kNeeded));
  globals.allglen = PROCTOR_TRY(code.reference(0, kLoadIntoRcx));
  globals.allgptr = PROCTOR_TRY(code.reference(0, kLoadIntoRbx));
  // It takes the address of the lock, which stands within.
  globals.sched = PROCTOR_TRY(code.reference(1, kAddressIntoRax)) - layout.sched.lock;
  globals.allp = PROCTOR_TRY(code.reference(2, kLoadIntoRcx));
  // The one byte that it sets is memstats.enablegc.
  if (const auto enabled = code.flag(3)) globals.memstats = *enabled - layout.memstats.enablegc;
  globals.gc_controller = code.reference(4, kAddressIntoRax).value_or(RemoteAddress{});
  // It loads the first word of the arenas, which stand within.
  if (const auto arenas = code.reference(5, kLoadIntoRsi)) globals.heap = *arenas - layout.heap.arenas;
  globals.semtable = code.address(6).value_or(RemoteAddress{});
  globals.memory_buckets = code.references(7);
  globals.block_buckets = globals.memory_buckets;
  globals.mutex_buckets = globals.memory_buckets;
  // It may load the processor's cache before it.
  if (const std::vector<RemoteAddress> loads = code.references(8); !loads.empty()) {
    globals.memory_profile_rate = loads.back();
  }
  // One function under two names, the second from 1.27 on: it reads the rate before anything else.
  for (const std::size_t index : {9U, 10U}) {
    if (const std::vector<RemoteAddress> loads = code.references(index); !loads.empty()) {
      globals.mutex_profile_rate = loads.front();
    }
  }
  return globals;
}

}  // namespace proctor
