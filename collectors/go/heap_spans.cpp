#include "collectors/go/heap_spans.h"

#include <algorithm>
#include <span>

#include "base/byte_cursor.h"

namespace proctor {
namespace {

constexpr std::uint8_t kInUse = 1;  // mSpanState: holds objects, not stacks
constexpr std::uint64_t kPage = 8192;
constexpr std::uint64_t kMaxSpanPages = std::uint64_t{1} << 35;
constexpr std::size_t kBatch = 8192;  // spans that are read at a time

/// Nothing for one that holds no objects, or that changed while it was read.
bool take_span(std::span<const std::byte> bytes, const SpanLayout& layout, HeapSpan& span, bool& strange) {
  if (load<std::uint8_t>(bytes, layout.state) != kInUse) return false;
  const auto start = load<std::uint64_t>(bytes, layout.start).value_or(0);
  const auto pages = load<std::uint64_t>(bytes, layout.pages).value_or(0);
  const auto size = load<std::uint64_t>(bytes, layout.element_size).value_or(0);
  strange =
      start == 0 || start % kPage != 0 || pages == 0 || pages > kMaxSpanPages || size == 0 || size > pages * kPage;
  if (strange) return false;
  span.begin = RemoteAddress{start};
  span.element_size = size;
  span.objects = pages * kPage / size;
  span.specials = load<RemoteAddress>(bytes, layout.specials).value_or(RemoteAddress{});
  span.has_pointers = (load<std::uint8_t>(bytes, layout.span_class).value_or(0) & 1) == 0;
  return true;
}

}  // namespace

Result<HeapSpans> HeapSpans::read(const GoProcess& process) {
  const RemoteAddress heap = process.globals().heap;
  if (heap == RemoteAddress{}) return fail(ErrorCode::no_go_symbols, "the heap is not found in this binary");
  const MemoryReader& memory = process.memory();
  const SpanLayout& layout = process.layout().span;
  struct {
    RemoteAddress begin;
    std::uint64_t length;
  } all{};
  PROCTOR_TRY_VOID(memory.read(heap + process.layout().heap.all_spans, std::as_writable_bytes(std::span{&all, 1})));
  if (all.length > kMaxSpans) return fail(ErrorCode::limit_reached, "a heap of more than {} spans", kMaxSpans);
  std::vector<RemoteAddress> addresses(all.length);
  PROCTOR_TRY_VOID(memory.read(all.begin, std::as_writable_bytes(std::span{addresses})));
  std::ranges::sort(addresses);

  HeapSpans spans;
  std::uint64_t odd = 0;
  std::vector<std::byte> bytes;
  for (std::size_t from = 0; from < addresses.size(); from += kBatch) {
    const std::size_t count = std::min(kBatch, addresses.size() - from);
    bytes.resize(count * layout.size);
    std::vector<ReadRequest> requests;
    requests.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      requests.push_back({.from = addresses[from + i], .into = std::span{bytes}.subspan(i * layout.size, layout.size)});
    }
    PROCTOR_TRY_VOID(memory.read_many(requests));
    for (const ReadRequest& request : requests) {
      HeapSpan span;
      bool strange = !request.complete;
      if (!strange && take_span(request.into, layout, span, strange)) spans.spans_.push_back(span);
      odd += strange ? 1 : 0;
    }
  }
  if (odd * 20 > addresses.size() || spans.spans_.empty()) {
    return fail(ErrorCode::layout_mismatch, "{} of {} spans of the heap do not hold together", odd, addresses.size());
  }
  PROCTOR_TRY_VOID(spans.index());
  return spans;
}

Result<void> HeapSpans::index() {
  std::ranges::sort(spans_, {}, &HeapSpan::begin);
  first_arena_ = number(spans_.front().begin) >> kArenaShift;
  const auto arena_of = [&](std::uint64_t address) { return (address >> kArenaShift) - first_arena_; };
  const HeapSpan& last = spans_.back();
  const std::uint64_t arenas = arena_of(number(last.begin) + last.objects * last.element_size) + 1;
  if (arenas > kMaxArenas) return fail(ErrorCode::limit_reached, "a heap of spans that are far apart");
  std::uint64_t pages = 0;
  for (const HeapSpan& span : spans_) {
    pages += span.objects * span.element_size / kPage + 1;
    if (pages > kMaxPages) return fail(ErrorCode::limit_reached, "a heap of more than {} pages", kMaxPages);
  }
  arenas_.resize(arenas);
  for (std::uint32_t i = 0; i < spans_.size(); ++i) {
    HeapSpan& span = spans_[i];
    span.first_object = objects_;
    objects_ += span.objects;
    const std::uint64_t bytes = span.objects * span.element_size;
    if (span.has_pointers) bytes_with_pointers_ += bytes;
    for (std::uint64_t at = number(span.begin); at < number(span.begin) + bytes; at += kPage) {
      if (arena_of(at) >= arenas) break;
      auto& arena = arenas_[arena_of(at)];
      if (!arena) {
        arena = std::make_unique<Arena>();
        arena->fill(kNone);
      }
      (*arena)[(at >> kPageShift) % kPagesOfArena] = i;
    }
  }
  return {};
}

}  // namespace proctor
