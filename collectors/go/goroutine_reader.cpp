#include "collectors/go/goroutine_reader.h"

#include <algorithm>
#include <array>
#include <future>
#include <numeric>

#include "base/byte_cursor.h"

namespace proctor {
namespace {

constexpr std::uint64_t kMaxGoroutines = 20'000'000;
constexpr std::uint64_t kMaxProcessors = 1 << 16;
constexpr std::size_t kChunk = 1024;    // goroutines whose bytes are held at a time: they fit a core's cache
constexpr std::size_t kInFlight = 2;    // chunks that are copied while another is visited
constexpr std::size_t kManyChunks = 8;  // from here on other threads do the copying
constexpr std::uint64_t kMaxStackCopy = std::uint64_t{64} << 10;  // innermost part; deeper frames are not shown
constexpr std::uint64_t kMaxGap = 2048;                           // bytes between neighbours that are read with them
constexpr std::uint64_t kMaxPiece = std::uint64_t{64} << 10;
constexpr int kAttempts = 4;

/// A wanted piece of the target and where its bytes end up.
struct Piece {
  RemoteAddress from{};
  std::uint64_t size = 0;
  std::span<const std::byte> bytes;  // empty where it could not be read
};

/// Copies pieces (ascending) in few system calls, near ones together. The bytes live in `buffer`.
Result<void> read_pieces(const MemoryReader& memory, std::span<Piece> pieces, std::vector<std::byte>& buffer) {
  struct Run {
    std::size_t first, last;  // pieces
    RemoteAddress begin, end;
    std::size_t at;  // in buffer
  };
  std::vector<Run> runs;
  std::size_t total = 0;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const RemoteAddress end = pieces[i].from + pieces[i].size;
    if (!runs.empty() && pieces[i].from >= runs.back().end && pieces[i].from - runs.back().end <= kMaxGap &&
        end - runs.back().begin <= kMaxPiece) {
      runs.back().last = i;
      runs.back().end = end;
    } else {
      runs.push_back({i, i, pieces[i].from, end, 0});
    }
  }
  for (Run& run : runs) {
    run.at = total;
    total += run.end - run.begin;
  }
  buffer.resize(total);
  std::vector<ReadRequest> requests;
  requests.reserve(runs.size());
  for (const Run& run : runs) requests.push_back({run.begin, std::span{buffer}.subspan(run.at, run.end - run.begin)});
  PROCTOR_TRY_VOID(memory.read_many(requests));
  for (std::size_t r = 0; r < runs.size(); ++r) {
    for (std::size_t i = runs[r].first; i <= runs[r].last; ++i) {
      const auto place = requests[r].into.subspan(pieces[i].from - runs[r].begin, pieces[i].size);
      // A gap may be a hole although both neighbours are there: then each is read alone.
      const bool there = requests[r].complete || memory.read(pieces[i].from, place).has_value();
      if (there) pieces[i].bytes = place;
    }
  }
  return {};
}

/// The same for pieces in any order; those of no bytes are left out.
Result<void> read_unsorted_pieces(const MemoryReader& memory, std::span<Piece> pieces, std::vector<std::byte>& buffer) {
  std::vector<std::size_t> order;
  order.reserve(pieces.size());
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (pieces[i].size != 0) order.push_back(i);
  }
  std::ranges::sort(order, {}, [&](std::size_t i) { return pieces[i].from; });
  std::vector<Piece> sorted;
  sorted.reserve(order.size());
  for (const std::size_t i : order) sorted.push_back(pieces[i]);
  PROCTOR_TRY_VOID(read_pieces(memory, sorted, buffer));
  for (std::size_t i = 0; i < order.size(); ++i) pieces[order[i]].bytes = sorted[i].bytes;
  return {};
}

/// What a sudog of this goroutine names: its channel, or else the semaphore of a sync type. Nothing for a select, which
/// waits for many.
RemoteAddress object_of(const RawGoroutine& g, std::span<const std::byte> bytes, const SudogLayout& layout) {
  if (bytes.empty() || load<RemoteAddress>(bytes, layout.g) != g.address) return {};
  if (load<std::uint8_t>(bytes, layout.is_select) != 0) return {};
  const auto channel = load<RemoteAddress>(bytes, layout.c).value_or(RemoteAddress{});
  return channel != RemoteAddress{} ? channel : load<RemoteAddress>(bytes, layout.elem).value_or(RemoteAddress{});
}

/// Whether a goroutine stands on its stack: not one that runs, or whose stack is moved.
bool has_still_stack(const RawGoroutine& g) {
  const bool still = g.status == GStatus::waiting || g.status == GStatus::preempted || g.status == GStatus::leaked ||
                     g.status == GStatus::runnable || g.status == GStatus::syscall;
  return still && g.stack.contains(g.sp);
}

/// Whether a goroutine is another one, or stands elsewhere, than when it was first read.
bool moved(const RawGoroutine& before, std::span<const std::byte> bytes, const GLayout& layout) {
  auto after = decode_goroutine(bytes, before.address, layout);
  // A collection may set this meanwhile. It may also move the stack, which then begins elsewhere: until then the old
  // one stays as it was.
  if (after) after->wait_since = before.wait_since;
  return after != before;
}

}  // namespace

std::optional<RawGoroutine> decode_goroutine(std::span<const std::byte> bytes, RemoteAddress address,
                                             const GLayout& layout) {
  const auto word = [&](std::uint32_t offset) { return load<std::uint64_t>(bytes, offset).value_or(0); };
  const std::uint32_t status = load<std::uint32_t>(bytes, layout.atomicstatus).value_or(0);
  RawGoroutine g;
  g.address = address;
  g.status = static_cast<GStatus>(status & 0xff);
  switch (g.status) {
    case GStatus::runnable:
    case GStatus::running:
    case GStatus::syscall:
    case GStatus::waiting:
    case GStatus::copystack:
    case GStatus::preempted:
    case GStatus::leaked: break;
    default: return std::nullopt;
  }
  g.goid = word(layout.goid);
  g.wait_reason = load<std::uint8_t>(bytes, layout.waitreason).value_or(0);
  g.tracking_seq = load<std::uint8_t>(bytes, layout.tracking_seq).value_or(0);
  g.stack = {RemoteAddress{word(layout.stack_lo)}, RemoteAddress{word(layout.stack_hi)}};
  g.gopc = RemoteAddress{word(layout.gopc)};
  g.startpc = RemoteAddress{word(layout.startpc)};
  g.labels = RemoteAddress{word(layout.labels)};
  g.waiting = RemoteAddress{word(layout.waiting)};
  g.parent_goid = layout.parent_goid ? word(*layout.parent_goid) : 0;
  g.locked_to_thread = word(layout.lockedm) != 0;
  g.wait_since = word(layout.waitsince);
  if (g.status == GStatus::syscall) {
    g.sp = RemoteAddress{word(layout.syscallsp)};
    g.pc = RemoteAddress{word(layout.syscallpc)};
    g.bp = layout.syscallbp ? RemoteAddress{word(*layout.syscallbp)} : RemoteAddress{};
    g.has_frame_pointer = layout.syscallbp.has_value();
  } else if (g.status != GStatus::running) {
    g.sp = RemoteAddress{word(layout.sched_sp)};
    g.pc = RemoteAddress{word(layout.sched_pc)};
    g.bp = RemoteAddress{word(layout.sched_bp)};
    g.has_frame_pointer = true;
  }
  return g;
}

Result<GoroutineCounts> GoroutineReader::read_counts() const {
  const GoLayout& layout = process_.layout();
  const MemoryReader& memory = process_.memory();
  std::vector<std::byte> sched(layout.sched.size);
  struct {
    RemoteAddress begin;
    std::uint64_t length;
  } allp{};
  std::uint64_t all = 0;
  const GoGlobals& globals = process_.globals();
  std::array<ReadRequest, 3> first{
      ReadRequest{.from = globals.allglen, .into = std::as_writable_bytes(std::span{&all, 1})},
      ReadRequest{.from = globals.sched, .into = sched},
      ReadRequest{.from = globals.allp, .into = std::as_writable_bytes(std::span{&allp, 1})}};
  PROCTOR_TRY_VOID(memory.read_many(first));
  if (!std::ranges::all_of(first, &ReadRequest::complete)) {
    return fail(ErrorCode::layout_mismatch, "the runtime's variables cannot be read");
  }
  if (allp.length == 0 || allp.length > kMaxProcessors || all > kMaxGoroutines) {
    return fail(ErrorCode::layout_mismatch, "{} processors and {} goroutines", allp.length, all);
  }
  std::vector<RemoteAddress> processors(allp.length);
  PROCTOR_TRY_VOID(memory.read(allp.begin, std::as_writable_bytes(std::span{processors})));
  // Of each processor only the words that count.
  struct Words {
    std::int32_t free = 0;
    std::uint64_t goid_next = 0, goid_end = 0, created = 0;
  };
  std::vector<Words> words(processors.size());
  std::vector<ReadRequest> requests;
  const auto bytes_of = [](auto& value) { return std::as_writable_bytes(std::span{&value, 1}); };
  for (std::size_t i = 0; i < processors.size(); ++i) {
    requests.push_back({.from = processors[i] + layout.p.gfree_n, .into = bytes_of(words[i].free)});
    requests.push_back({.from = processors[i] + layout.p.goidcache, .into = bytes_of(words[i].goid_next)});
    requests.push_back({.from = processors[i] + layout.p.goidcacheend, .into = bytes_of(words[i].goid_end)});
    if (layout.p.goroutines_created) {
      requests.push_back({.from = processors[i] + *layout.p.goroutines_created, .into = bytes_of(words[i].created)});
    }
  }
  PROCTOR_TRY_VOID(memory.read_many(requests));
  if (!std::ranges::all_of(requests, &ReadRequest::complete)) {
    return fail(ErrorCode::layout_mismatch, "the runtime's processors cannot be read");
  }
  const auto sched32 = [&](std::uint32_t offset) {
    return std::int64_t{load<std::int32_t>(sched, offset).value_or(0)};
  };
  std::int64_t user = static_cast<std::int64_t>(all) - sched32(layout.sched.ngsys) - sched32(layout.sched.gfree_n);
  if (layout.sched.gfree_nostack_n) user -= sched32(*layout.sched.gfree_nostack_n);
  std::uint64_t reserved = 0;
  std::uint64_t created = 0;
  for (const Words& p : words) {
    user -= p.free;
    reserved += p.goid_end - p.goid_next;
    created += p.created;
  }
  if (user > static_cast<std::int64_t>(all)) return fail(ErrorCode::torn_read, "the counters of goroutines moved");
  GoroutineCounts counts{
      .all = all, .user = static_cast<std::uint64_t>(std::max<std::int64_t>(user, 1)), .created = {}};
  if (layout.sched.goroutines_created) {
    counts.created = created + load<std::uint64_t>(sched, *layout.sched.goroutines_created).value_or(0);
  } else if (const auto generated = load<std::uint64_t>(sched, layout.sched.goidgen); generated >= reserved) {
    counts.created = *generated - reserved;
  }
  return counts;
}

Result<std::vector<RemoteAddress>> GoroutineReader::list() const {
  const MemoryReader& memory = process_.memory();
  const GoGlobals& globals = process_.globals();
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    // The length first: the array that is found after it holds at least that many.
    const auto length = PROCTOR_TRY(memory.read_value<std::uint64_t>(globals.allglen));
    const auto array = PROCTOR_TRY(memory.read_value<RemoteAddress>(globals.allgptr));
    if (length == 0 || length > kMaxGoroutines) {
      return fail(ErrorCode::layout_mismatch, "runtime.allglen says {} goroutines", length);
    }
    std::vector<RemoteAddress> addresses(length);
    const auto read = memory.read(array, std::as_writable_bytes(std::span{addresses}));
    if (PROCTOR_TRY(memory.read_value<RemoteAddress>(globals.allgptr)) != array) continue;
    if (!read) return tl::unexpected(read.error());
    return addresses;
  }
  return fail(ErrorCode::torn_read, "runtime.allgs grew on every attempt");
}

/// What one capture copied; kept for the next, so that its buffers need not grow again.
struct GoroutineReader::Chunk {
  std::vector<std::byte> before_bytes, after_bytes, stack_bytes, wait_bytes;
  std::vector<CapturedGoroutine> captured;
  std::uint64_t strange = 0;  // do not name themselves
};

Result<void> GoroutineReader::capture(std::span<const RemoteAddress> addresses,
                                      std::span<const RawGoroutine::Still> known, Chunk& chunk) const {
  const GLayout& layout = process_.layout().g;
  const SudogLayout& sudog = process_.layout().sudog;
  const MemoryReader& memory = process_.memory();
  chunk.captured.clear();
  chunk.strange = 0;
  std::vector<Piece> pieces;
  pieces.reserve(addresses.size());
  for (const RemoteAddress address : addresses) pieces.push_back({.from = address, .size = layout.size, .bytes = {}});
  PROCTOR_TRY_VOID(read_pieces(memory, pieces, chunk.before_bytes));

  auto same = std::ranges::lower_bound(known, addresses.front(), {}, &RawGoroutine::Still::address);
  std::vector<Piece> stacks;
  std::vector<Piece> waits;
  std::vector<Piece> again;
  std::vector<std::size_t> owners;  // of `stacks`, `waits` and `again`, in `captured`
  for (const Piece& piece : pieces) {
    const auto g = decode_goroutine(piece.bytes, piece.from, layout);
    if (!g) continue;
    // Every runtime.g names itself; where not, this is not the layout of this process.
    const auto self = load<RemoteAddress>(piece.bytes, layout.sched_g);
    if (self != g->address && g->status != GStatus::running) ++chunk.strange;
    chunk.captured.push_back({.goroutine = *g, .stack = {}, .known_at = {}});
    while (same != known.end() && same->address < g->address) ++same;
    if (same != known.end() && *same == g->still()) {
      chunk.captured.back().known_at = static_cast<std::size_t>(same - known.begin());
      continue;
    }
    if (!has_still_stack(*g)) continue;
    stacks.push_back({.from = g->sp, .size = std::min(g->stack.end - g->sp, kMaxStackCopy), .bytes = {}});
    waits.push_back({.from = g->waiting, .size = g->waiting == RemoteAddress{} ? 0U : sudog.size, .bytes = {}});
    again.push_back({.from = g->address, .size = layout.size, .bytes = {}});
    owners.push_back(chunk.captured.size() - 1);
  }
  PROCTOR_TRY_VOID(read_unsorted_pieces(memory, stacks, chunk.stack_bytes));
  PROCTOR_TRY_VOID(read_unsorted_pieces(memory, waits, chunk.wait_bytes));
  PROCTOR_TRY_VOID(read_pieces(memory, again, chunk.after_bytes));
  for (std::size_t i = 0; i < owners.size(); ++i) {
    CapturedGoroutine& captured = chunk.captured[owners[i]];
    captured.torn = moved(captured.goroutine, again[i].bytes, layout);
    if (captured.torn) continue;
    captured.stack = stacks[i].bytes;
    captured.object = object_of(captured.goroutine, waits[i].bytes, sudog);
  }
  return {};
}

Result<void> GoroutineReader::read(std::span<const RemoteAddress> addresses, std::span<const RawGoroutine::Still> known,
                                   const std::function<void(const CapturedGoroutine&)>& visit) const {
  const std::size_t chunks = (addresses.size() + kChunk - 1) / kChunk;
  const auto policy = chunks >= kManyChunks ? std::launch::async : std::launch::deferred;
  std::array<Chunk, kInFlight + 1> ring;  // one is visited
  std::array<std::future<Result<void>>, kInFlight + 1> captures;
  const auto begin = [&](std::size_t index) {
    const std::size_t from = index * kChunk;
    const auto part = addresses.subspan(from, std::min(kChunk, addresses.size() - from));
    captures[index % captures.size()] = std::async(
        policy, [this, part, known, &chunk = ring[index % ring.size()]] { return capture(part, known, chunk); });
  };
  for (std::size_t i = 0; i < std::min(chunks, kInFlight); ++i) begin(i);
  std::uint64_t strange = 0;
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < chunks; ++i) {
    PROCTOR_TRY_VOID(captures[i % captures.size()].get());
    if (i + kInFlight < chunks) begin(i + kInFlight);
    const Chunk& chunk = ring[i % ring.size()];
    strange += chunk.strange;
    seen += chunk.captured.size();
    if (strange > 8 && strange * 20 > seen) {
      return fail(ErrorCode::layout_mismatch, "{} of {} goroutines do not name themselves", strange, seen);
    }
    for (const CapturedGoroutine& captured : chunk.captured) visit(captured);
  }
  return {};
}

}  // namespace proctor
