#include "collectors/go/function_table.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "collectors/go/pc_table.h"

namespace proctor {
namespace {

constexpr std::size_t kMaxNameBytes = 2048;
constexpr int kMaxInlineDepth = 64;
constexpr std::uint64_t kPcdataStackMap = 1;
constexpr std::uint64_t kPcdataInlineIndex = 2;
constexpr std::uint64_t kFuncdataArguments = 0;
constexpr std::uint64_t kFuncdataLocals = 1;
constexpr std::int32_t kMaxLiveBits = 1 << 16;
constexpr std::uint64_t kFuncdataInlineTree = 3;
constexpr std::uint32_t kNone = 0xffffffff;

struct FtabEntry {
  std::uint32_t entry_offset;
  std::uint32_t record_offset;
};

/// NUL-terminated text in a table.
Result<std::string> read_name(const MemoryReader& image, const GoModule::Table& table, std::uint64_t offset) {
  std::string name;
  std::array<char, 64> piece;
  while (name.size() < kMaxNameBytes) {
    if (offset >= table.length) break;
    const std::size_t size = std::min<std::uint64_t>(piece.size(), table.length - offset);
    PROCTOR_TRY_VOID(image.read(table.begin + offset, std::as_writable_bytes(std::span{piece}.first(size))));
    const auto end = std::find(piece.begin(), piece.begin() + size, '\0');
    name.append(piece.begin(), end);
    if (end != piece.begin() + size) return name;
    offset += size;
  }
  return fail(ErrorCode::malformed, "a name in the function table does not end");
}

/// As the runtime prints a generic function from 1.21 on: without its type arguments.
std::string without_type_arguments(std::string_view name) {
  std::string shown;
  int depth = 0;
  for (const char c : name) {
    if (c == '[' && depth++ == 0) shown += "[...";
    if (depth == 0 || (c == ']' && depth == 1)) shown += c;
    if (c == ']' && depth > 0) --depth;
  }
  return depth == 0 ? shown : std::string{name};
}

}  // namespace

/// runtime._func without what no look-up needs.
struct FunctionTable::Record {
  std::uint32_t entry_offset;
  std::int32_t name_offset;
  std::int32_t arguments;
  std::uint32_t deferreturn;
  std::uint32_t pcsp;
  std::uint32_t pcfile;
  std::uint32_t pcln;
  std::uint32_t pcdata_count;
  std::uint32_t cu_offset;
};

struct FunctionTable::InlinedCall {
  std::uint8_t func_id;
  std::uint32_t name_offset;
  std::int32_t parent_pc;
  std::int32_t parent;  // index, -1 at the outermost; only where the layout has it
};

struct FunctionTable::Position {
  std::string file;
  std::uint32_t line = 0;
};

Result<GoFunction> FunctionTable::function_at(RemoteAddress pc) const {
  if (pc < module_.text || pc >= module_.etext || module_.entries < 2) {
    return fail(ErrorCode::not_found, "no Go function at {:#x}", number(pc));
  }
  const std::uint64_t wanted = pc - module_.text;
  // The last entry whose function begins at or before pc; the final one only ends the table.
  std::uint64_t low = 0;
  std::uint64_t high = module_.entries - 1;
  while (high - low > 1) {
    const std::uint64_t middle = low + (high - low) / 2;
    const auto entry = PROCTOR_TRY(image_->read_value<FtabEntry>(module_.ftab + middle * sizeof(FtabEntry)));
    (entry.entry_offset <= wanted ? low : high) = middle;
  }
  const auto entry = PROCTOR_TRY(image_->read_value<FtabEntry>(module_.ftab + low * sizeof(FtabEntry)));
  if (entry.entry_offset > wanted) return fail(ErrorCode::not_found, "no Go function at {:#x}", number(pc));
  return GoFunction{module_.text + entry.entry_offset, entry.record_offset};
}

Result<FunctionTable::Record> FunctionTable::read_record(const GoFunction& function) const {
  if (function.record + layout_.size > module_.pclntable.length) {
    return fail(ErrorCode::malformed, "a function's record lies outside of pclntable");
  }
  return image_->read_value<Record>(module_.pclntable.begin + function.record);
}

Result<std::string> FunctionTable::name_at(std::uint32_t offset) const {
  return read_name(*image_, module_.funcnametab, offset);
}

Result<std::string> FunctionTable::name_of(const GoFunction& function) const {
  const Record record = PROCTOR_TRY(read_record(function));
  return name_at(static_cast<std::uint32_t>(record.name_offset));
}

Result<std::int32_t> FunctionTable::pc_value(std::uint32_t table, RemoteAddress entry, RemoteAddress pc) const {
  if (table == 0) return fail(ErrorCode::not_found, "the function has no such table");
  return value_in_pc_table(*image_, module_.pctab, table, pc - entry);
}

Result<std::uint64_t> FunctionTable::stack_depth_at(RemoteAddress pc) const {
  const GoFunction function = PROCTOR_TRY(function_at(pc));
  const Record record = PROCTOR_TRY(read_record(function));
  const std::int32_t depth = PROCTOR_TRY(pc_value(record.pcsp, function.entry, pc));
  if (depth < 0 || depth % 8 != 0) return fail(ErrorCode::implausible, "a frame of {} bytes", depth);
  return static_cast<std::uint64_t>(depth);
}

Result<FunctionTable::Position> FunctionTable::position_at(const GoFunction& function, const Record& record,
                                                           RemoteAddress pc) const {
  const std::int32_t line = PROCTOR_TRY(pc_value(record.pcln, function.entry, pc));
  const std::int32_t index = PROCTOR_TRY(pc_value(record.pcfile, function.entry, pc));
  const std::uint64_t place = (std::uint64_t{record.cu_offset} + static_cast<std::uint32_t>(index)) * 4;
  if (index < 0 || place + 4 > module_.cutab.length) {
    return fail(ErrorCode::malformed, "a file index outside of its table");
  }
  const auto offset = PROCTOR_TRY(image_->read_value<std::uint32_t>(module_.cutab.begin + place));
  Position position{.file = {}, .line = static_cast<std::uint32_t>(std::max(line, 0))};
  if (offset != kNone) position.file = PROCTOR_TRY(read_name(*image_, module_.filetab, offset));
  return position;
}

std::optional<std::uint32_t> FunctionTable::pcdata_table(const GoFunction& function, const Record& record,
                                                         std::uint64_t index) const {
  if (record.pcdata_count <= index) return std::nullopt;
  const auto table =
      image_->read_value<std::uint32_t>(module_.pclntable.begin + function.record + layout_.size + 4 * index);
  return table && *table != 0 ? std::optional{*table} : std::nullopt;
}

std::optional<RemoteAddress> FunctionTable::funcdata(const GoFunction& function, const Record& record,
                                                     std::uint64_t index) const {
  const RemoteAddress begin = module_.pclntable.begin + function.record;
  const auto count = image_->read_value<std::uint8_t>(begin + layout_.size - 1);
  if (!count || *count <= index) return std::nullopt;
  const auto offset =
      image_->read_value<std::uint32_t>(begin + layout_.size + 4 * std::uint64_t{record.pcdata_count} + 4 * index);
  if (!offset || *offset == kNone) return std::nullopt;
  return module_.gofunc + *offset;
}

Result<FunctionTable::LiveBits> FunctionTable::live_bits(RemoteAddress map, std::int32_t index) const {
  struct Header {
    std::int32_t bitmaps = 0, bits = 0;
  };
  const auto header = PROCTOR_TRY(image_->read_value<Header>(map));
  if (header.bits < 0 || header.bits > kMaxLiveBits || index >= header.bitmaps) {
    return fail(ErrorCode::malformed, "a stack map of {} bits", header.bits);
  }
  LiveBits live{.set = {}, .size = static_cast<std::uint32_t>(header.bits)};
  std::vector<std::uint8_t> bytes((live.size + 7) / 8);
  PROCTOR_TRY_VOID(image_->read(map + sizeof(Header) + static_cast<std::uint64_t>(index) * bytes.size(),
                                std::as_writable_bytes(std::span{bytes})));
  for (std::uint32_t bit = 0; bit < live.size; ++bit) {
    if ((bytes[bit / 8] >> (bit % 8) & 1) != 0) live.set.push_back(bit);
  }
  return live;
}

Result<std::vector<std::int64_t>> FunctionTable::live_pointers_at(RemoteAddress pc) const {
  constexpr std::int64_t kWord = 8;
  const GoFunction function = PROCTOR_TRY(function_at(pc));
  const Record record = PROCTOR_TRY(read_record(function));
  const auto depth = PROCTOR_TRY(stack_depth_at(pc));
  const auto table = pcdata_table(function, record, kPcdataStackMap);
  if (!table) return std::vector<std::int64_t>{};
  const std::int32_t index = std::max(pc_value(*table, function.entry, pc).value_or(0), 0);
  std::vector<std::int64_t> distances;
  if (const auto map = funcdata(function, record, kFuncdataLocals)) {
    const LiveBits live = PROCTOR_TRY(live_bits(*map, index));
    // Below the return address, and below the frame pointer where one is saved.
    const std::int64_t top = depth > 0 ? -2 * kWord : -kWord;
    for (const std::uint32_t bit : live.set) {
      distances.push_back(top - (std::int64_t{live.size} - std::int64_t{bit}) * kWord);
    }
  }
  if (const auto map = funcdata(function, record, kFuncdataArguments)) {
    const LiveBits live = PROCTOR_TRY(live_bits(*map, index));
    for (const std::uint32_t bit : live.set) distances.push_back(std::int64_t{bit} * kWord);
  }
  return distances;
}

Result<FunctionTable::InlinedCall> FunctionTable::read_inlined_call(RemoteAddress tree, std::int32_t index) const {
  const RemoteAddress entry = tree + static_cast<std::uint64_t>(index) * layout_.inlined_size;
  if (layout_.inlined_has_parent) {
    struct Entry {
      std::int16_t parent;
      std::uint8_t func_id, pad;
      std::int32_t file, line, name_offset, parent_pc;
    };
    const auto call = PROCTOR_TRY(image_->read_value<Entry>(entry));
    return InlinedCall{call.func_id, static_cast<std::uint32_t>(call.name_offset), call.parent_pc, call.parent};
  }
  struct Entry {
    std::uint8_t func_id;
    std::array<std::uint8_t, 3> pad;
    std::int32_t name_offset, parent_pc, start_line;
  };
  const auto call = PROCTOR_TRY(image_->read_value<Entry>(entry));
  return InlinedCall{call.func_id, static_cast<std::uint32_t>(call.name_offset), call.parent_pc, -1};
}

Result<GoFrame> FunctionTable::frame_at(const GoFunction& function, const Record& record, std::uint32_t name_offset,
                                        RemoteAddress pc) const {
  auto position = position_at(function, record, pc).value_or(Position{});
  std::string name = PROCTOR_TRY(name_at(name_offset));
  std::string symbol;
  if (layout_.hides_type_arguments && name.find('[') != std::string::npos) {
    symbol = std::exchange(name, without_type_arguments(name));
  }
  return GoFrame{.frame = {std::move(name), std::move(position.file), position.line},
                 .pc = pc + 1,
                 .entry = function.entry,
                 .symbol = std::move(symbol)};
}

bool FunctionTable::is_wrapper(const GoFunction& function) const {
  const auto id = image_->read_value<std::uint8_t>(module_.pclntable.begin + function.record + layout_.func_id);
  return id && *id == layout_.wrapper_id;
}

Result<std::vector<GoFrame>> FunctionTable::frames_at(RemoteAddress pc) const {
  const GoFunction function = PROCTOR_TRY(function_at(pc));
  const Record record = PROCTOR_TRY(read_record(function));
  std::vector<GoFrame> frames;
  const auto table = pcdata_table(function, record, kPcdataInlineIndex);
  const auto tree = table ? funcdata(function, record, kFuncdataInlineTree) : std::nullopt;
  std::int32_t index = tree ? pc_value(*table, function.entry, pc).value_or(-1) : -1;
  for (int depth = 0; index >= 0 && depth < kMaxInlineDepth; ++depth) {
    const InlinedCall call = PROCTOR_TRY(read_inlined_call(*tree, index));
    frames.push_back(PROCTOR_TRY(frame_at(function, record, call.name_offset, pc)));
    frames.back().inlined = true;
    frames.back().wrapper = call.func_id == layout_.wrapper_id;
    // The parent stands at the call; where that was itself inlined, its own entry follows.
    pc = function.entry + static_cast<std::uint32_t>(call.parent_pc);
    index = layout_.inlined_has_parent ? call.parent : pc_value(*table, function.entry, pc).value_or(-1);
  }
  frames.push_back(PROCTOR_TRY(frame_at(function, record, static_cast<std::uint32_t>(record.name_offset), pc)));
  frames.back().wrapper = is_wrapper(function);
  return frames;
}

Result<GoFrame> FunctionTable::statement_at(RemoteAddress pc) const {
  const GoFunction function = PROCTOR_TRY(function_at(pc));
  const Record record = PROCTOR_TRY(read_record(function));
  return frame_at(function, record, static_cast<std::uint32_t>(record.name_offset), pc);
}

}  // namespace proctor
