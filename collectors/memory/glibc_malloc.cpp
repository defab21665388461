#include "collectors/memory/glibc_malloc.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "base/byte_cursor.h"

namespace proctor {
namespace {

// Offsets in malloc_state.
constexpr std::uint64_t kFlags = 4;
constexpr std::uint64_t kTop = 96;
constexpr std::uint64_t kBins = 112;
constexpr std::uint64_t kNext = 2160;
constexpr std::uint64_t kSystemBytes = 2184;
constexpr std::uint64_t kArenaBytes = 2200;
constexpr std::uint64_t kBinCount = 127;
// A chunk: the size of the one before it, its own size with three flags, then the links of a free one.
constexpr std::uint64_t kChunkSize = 8;
constexpr std::uint64_t kChunkForward = 16;
constexpr std::uint64_t kChunkBack = 24;
constexpr std::uint64_t kFlagMask = 7;

constexpr std::uint64_t kMaxDataBytes = std::uint64_t{1} << 20;
constexpr std::size_t kMaxArenas = 4096;
constexpr std::size_t kMaxChunks = 20'000;
constexpr std::uint64_t kMostFlags = 7;
constexpr std::uint64_t kLeastEmpty = 64;  // of the lists, for an arena to be recognised
constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 47;
constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kAlignment = 16;  // of chunks and arenas

using Arena = std::span<const std::byte>;

std::uint64_t word(Arena bytes, std::uint64_t offset) { return load<std::uint64_t>(bytes, offset).value_or(0); }

/// A list stands in its arena as if it were a chunk whose links are there.
RemoteAddress list_at(RemoteAddress arena, std::uint64_t index) {
  return arena + kBins + index * 2 * sizeof(std::uint64_t) - kChunkForward;
}

std::uint64_t empty_lists(Arena bytes, RemoteAddress arena) {
  std::uint64_t empty = 0;
  for (std::uint64_t i = 0; i < kBinCount; ++i) {
    const std::uint64_t self = number(list_at(arena, i));
    const std::uint64_t offset = kBins + i * 2 * sizeof(std::uint64_t);
    if (word(bytes, offset) == self && word(bytes, offset + sizeof(std::uint64_t)) == self) ++empty;
  }
  return empty;
}

/// The lists look alike from one list further on, too: what stands around them must fit as well.
bool is_arena(Arena bytes, RemoteAddress arena) {
  const std::uint64_t top = word(bytes, kTop);
  const std::uint64_t next = word(bytes, kNext);
  const std::uint64_t system = word(bytes, kSystemBytes);
  const bool fits = load<std::uint32_t>(bytes, kFlags).value_or(UINT32_MAX) <= kMostFlags && top >= kPage &&
                    top % kAlignment == 0 && top != number(list_at(arena, 0)) - kAlignment && next >= kPage &&
                    next % kAlignment == 0 && system != 0 && system < kMaxBytes && system % kPage == 0;
  return fits && empty_lists(bytes, arena) >= kLeastEmpty;
}

/// Adds up the free chunks of one list. False where it is not read to its end.
bool add_list(const MemoryReader& memory, RemoteAddress list, RemoteAddress first, std::size_t& chunks,
              std::uint64_t& free) {
  RemoteAddress before = list;
  for (RemoteAddress at = first; at != list;) {
    std::array<std::byte, kChunkBack + sizeof(std::uint64_t)> chunk{};
    if (++chunks > kMaxChunks || !memory.read(at, chunk)) return false;
    const std::uint64_t size = word(chunk, kChunkSize) & ~kFlagMask;
    if (RemoteAddress{word(chunk, kChunkBack)} != before || size == 0 || size > kMaxBytes) return false;
    free += size;
    before = at;
    at = RemoteAddress{word(chunk, kChunkForward)};
  }
  return true;
}

}  // namespace

std::vector<AddressRange> malloc_data(const std::vector<MemoryMapping>& mappings) {
  std::vector<AddressRange> libc;
  std::vector<AddressRange> program;
  const std::string* executable = nullptr;
  for (const MemoryMapping& mapping : mappings) {
    if (!mapping.path.starts_with('/')) continue;
    if (executable == nullptr) executable = &mapping.path;
    const std::string_view name = std::string_view{mapping.path}.substr(mapping.path.rfind('/') + 1);
    const bool is_libc = name.starts_with("libc.so") || (name.starts_with("libc-2.") && name.ends_with(".so"));
    if (!mapping.writable || mapping.range.size() > kMaxDataBytes) continue;
    if (is_libc) libc.push_back(mapping.range);
    if (mapping.path == *executable) program.push_back(mapping.range);
  }
  return libc.empty() ? program : libc;
}

std::optional<RemoteAddress> find_main_arena(const MemoryReader& memory, const std::vector<AddressRange>& data) {
  for (const AddressRange& range : data) {
    std::vector<std::byte> bytes(range.size());
    if (!memory.read(range.begin, bytes)) continue;
    for (std::uint64_t at = 0; at + kArenaBytes <= bytes.size(); at += sizeof(std::uint64_t)) {
      // Its first list, by which most places are ruled out at once, is that of unsorted chunks; its next ones are
      // empty.
      const RemoteAddress arena = range.begin + at;
      const std::uint64_t last = kBins + (kBinCount - 1) * 2 * sizeof(std::uint64_t);
      if (word(bytes, at + last) != number(list_at(arena, kBinCount - 1))) continue;
      if (is_arena(std::span{bytes}.subspan(at, kArenaBytes), arena)) return arena;
    }
  }
  return std::nullopt;
}

Result<MallocState> read_malloc(const MemoryReader& memory, RemoteAddress main_arena) {
  MallocState state;
  std::vector<std::byte> bytes(kArenaBytes);
  std::size_t chunks = 0;
  RemoteAddress arena = main_arena;
  do {
    PROCTOR_TRY_VOID(memory.read(arena, bytes));
    const RemoteAddress top{word(bytes, kTop)};
    const std::uint64_t system = word(bytes, kSystemBytes);
    if (++state.arenas > kMaxArenas || system > kMaxBytes) {
      return fail(ErrorCode::layout_mismatch, "{:#x} is no arena of malloc", number(arena));
    }
    std::uint64_t free = memory.read_value<std::uint64_t>(top + kChunkSize).value_or(0) & ~kFlagMask;
    for (std::uint64_t i = 0; i < kBinCount; ++i) {
      const RemoteAddress list = list_at(arena, i);
      const RemoteAddress first{word(bytes, kBins + i * 2 * sizeof(std::uint64_t))};
      if (!add_list(memory, list, first, chunks, free)) state.partial = true;
    }
    state.held += Bytes{system};
    state.free += Bytes{std::min(free, system)};
    arena = RemoteAddress{word(bytes, kNext)};
  } while (arena != main_arena && arena != RemoteAddress{});
  return state;
}

}  // namespace proctor
