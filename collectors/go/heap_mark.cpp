#include "collectors/go/heap_mark.h"

#include <algorithm>
#include <cstring>

#include "base/byte_cursor.h"

namespace proctor {
namespace {

constexpr std::uint64_t kWord = 8;
constexpr std::uint64_t kSmallSpan = std::uint64_t{96} << 10;  // such a one is read and kept as a whole
constexpr std::uint64_t kMaxHeld = std::uint64_t{32} << 20;
constexpr std::uint64_t kPiece = std::uint64_t{1} << 20;  // of a large object
constexpr std::size_t kBatch = 256;                       // spans that are read at a time

std::uint64_t bytes_of(const HeapSpan& span) { return span.objects * span.element_size; }

}  // namespace

HeapMark::HeapMark(const MemoryReader& memory, const HeapSpans& spans, std::uint64_t max_bytes)
    : memory_(memory),
      spans_(spans),
      bytes_left_(max_bytes),
      max_bytes_(max_bytes),
      marks_(spans.objects() / kBits + 1),
      watched_(marks_.size()),
      waiting_(spans.spans().size()) {}

bool HeapMark::mark(std::uint64_t object) {
  if (is_reached(object)) return false;
  marks_[object / kBits] |= bit_of(object);
  if ((watched_[object / kBits] & bit_of(object)) != 0) hits_.push_back(object);
  return true;
}

std::optional<std::uint64_t> HeapMark::object_at(RemoteAddress address) const {
  const std::uint32_t index = spans_.span_at(number(address));
  if (index == HeapSpans::kNone) return std::nullopt;
  const HeapSpan& span = spans_.spans()[index];
  const std::uint64_t element = (address - span.begin) / span.element_size;
  return element < span.objects ? std::optional{span.first_object + element} : std::nullopt;
}

void HeapMark::skip(RemoteAddress object) {
  if (const auto known = object_at(object)) mark(*known);
}

void HeapMark::reach_word(std::uint64_t word) {
  const std::uint32_t index = spans_.span_at(word);
  if (index == HeapSpans::kNone) return;
  const HeapSpan& span = spans_.spans()[index];
  const std::uint64_t element = (word - number(span.begin)) / span.element_size;
  if (element >= span.objects || !mark(span.first_object + element)) return;
  reached_bytes_ += span.element_size;
  if (span.has_pointers) to_scan_.push_back({index, static_cast<std::uint32_t>(element)});
}

void HeapMark::reach(std::span<const std::byte> words) {
  for (std::size_t at = 0; at + kWord <= words.size(); at += kWord) {
    std::uint64_t word = 0;
    std::memcpy(&word, words.data() + at, kWord);
    reach_word(word);
  }
}

void HeapMark::note_objects_of(std::span<const RemoteAddress> first_words) {
  for (const RemoteAddress word : first_words) first_words_.insert(number(word));
}

void HeapMark::scan_bytes(RemoteAddress object, std::span<const std::byte> bytes) {
  if (!first_words_.empty() && first_words_.contains(load<std::uint64_t>(bytes, 0).value_or(0))) {
    noted_.push_back(object);
  }
  reach(bytes);
}

void HeapMark::reach(RemoteAddress object) { reach_word(number(object)); }

Result<void> HeapMark::account(std::uint64_t bytes) {
  if (bytes > bytes_left_) return fail(ErrorCode::limit_reached, "more than {} bytes of heap to follow", max_bytes_);
  bytes_left_ -= bytes;
  return {};
}

const std::vector<std::byte>* HeapMark::held(std::uint32_t span) const {
  const auto found = held_.find(span);
  return found == held_.end() ? nullptr : &found->second;
}

Result<void> HeapMark::read_spans(std::span<const std::uint32_t> spans) {
  std::uint64_t bytes = 0;
  for (const std::uint32_t index : spans) bytes += bytes_of(spans_.spans()[index]);
  PROCTOR_TRY_VOID(account(bytes));
  if (held_bytes_ + bytes > kMaxHeld) {
    held_.clear();
    held_bytes_ = 0;
  }
  held_bytes_ += bytes;
  std::vector<ReadRequest> requests;
  requests.reserve(spans.size());
  for (const std::uint32_t index : spans) {
    std::vector<std::byte>& place = held_[index];
    place.resize(bytes_of(spans_.spans()[index]));
    requests.push_back({.from = spans_.spans()[index].begin, .into = place});
  }
  PROCTOR_TRY_VOID(memory_.read_many(requests));
  for (const ReadRequest& request : requests) {
    if (!request.complete) return fail(ErrorCode::torn_read, "the heap at {:#x} cannot be read", number(request.from));
  }
  return {};
}

Result<void> HeapMark::scan_large(const Object& object) {
  const HeapSpan& span = spans_.spans()[object.span];
  PROCTOR_TRY_VOID(account(span.element_size));
  const RemoteAddress begin = span.begin + object.index * span.element_size;
  std::vector<std::byte> piece;
  for (std::uint64_t at = 0; at < span.element_size; at += kPiece) {
    piece.resize(std::min(kPiece, span.element_size - at));
    PROCTOR_TRY_VOID(memory_.read(begin + at, piece));
    reach(piece);
  }
  return {};
}

Result<void> HeapMark::scan(const Object& object) {
  const HeapSpan& span = spans_.spans()[object.span];
  if (bytes_of(span) > kSmallSpan) return scan_large(object);
  if (const auto* bytes = held(object.span)) {
    const std::uint64_t at = object.index * span.element_size;
    scan_bytes(span.begin + at, std::span{*bytes}.subspan(at, span.element_size));
    return {};
  }
  std::vector<std::uint32_t>& waiting = waiting_[object.span];
  if (waiting.empty()) unread_.push_back(object.span);
  waiting.push_back(object.index);
  return {};
}

Result<void> HeapMark::trace() {
  while (!to_scan_.empty() || !unread_.empty()) {
    while (!to_scan_.empty()) {
      const Object object = to_scan_.back();
      to_scan_.pop_back();
      PROCTOR_TRY_VOID(scan(object));
    }
    const std::size_t count = std::min(unread_.size(), kBatch);
    std::vector<std::uint32_t> next{unread_.end() - static_cast<std::ptrdiff_t>(count), unread_.end()};
    unread_.resize(unread_.size() - count);
    std::ranges::sort(next);
    PROCTOR_TRY_VOID(read_spans(next));
    for (const std::uint32_t span : next) {
      for (const std::uint32_t index : waiting_[span]) to_scan_.push_back({span, index});
      waiting_[span] = {};
    }
  }
  return {};
}

}  // namespace proctor
