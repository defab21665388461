#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "collectors/go/heap_spans.h"

namespace proctor {

/// Which objects of a live Go heap are reached from given words, as a collector would mark them, but from outside and
/// while the program runs on. Every word that could be a pointer counts as one: so what is not reached is garbage or
/// hangs on what was not given, unless a pointer was moved behind the reader's back.
class HeapMark {
 public:
  /// Objects that hold pointers are read from `memory`, at most `max_bytes` in all. Both must outlive it.
  HeapMark(const MemoryReader& memory, const HeapSpans& spans, std::uint64_t max_bytes);

  /// The object at this address counts as reached, and what it refers to does not by it.
  void skip(RemoteAddress object);
  /// What these words refer to is reached.
  void reach(std::span<const std::byte> words);
  void reach(RemoteAddress object);
  /// Asks for the objects that begin with one of these words.
  void note_objects_of(std::span<const RemoteAddress> first_words);
  /// Those that were read since the last call, each once.
  std::vector<RemoteAddress> take_noted() { return std::exchange(noted_, {}); }

  /// Follows pointers until nothing new is reached. Errors: limit_reached, torn_read, short_read,
  /// target_gone, permission_denied.
  Result<void> trace();

  /// Where the object that holds this address stands among all; nothing outside of the heap.
  std::optional<std::uint64_t> object_at(RemoteAddress address) const;
  /// Asks to be told once this object is reached, by `take_hits`.
  void watch(std::uint64_t object) { watched_[object / kBits] |= bit_of(object); }
  /// The watched objects that were reached since the last call.
  std::vector<std::uint64_t> take_hits() { return std::exchange(hits_, {}); }
  bool is_reached(std::uint64_t object) const { return (marks_[object / kBits] & bit_of(object)) != 0; }

  bool is_in_heap(RemoteAddress address) const { return spans_.span_at(number(address)) != HeapSpans::kNone; }
  /// Of the objects reached so far, skipped ones left out.
  std::uint64_t reached_bytes() const { return reached_bytes_; }

 private:
  struct Object {
    std::uint32_t span = 0;
    std::uint32_t index = 0;
  };

  void reach_word(std::uint64_t word);
  void scan_bytes(RemoteAddress object, std::span<const std::byte> bytes);
  static constexpr int kBits = 64;
  static constexpr std::uint64_t bit_of(std::uint64_t object) { return std::uint64_t{1} << (object % kBits); }
  /// Whether it was not reached before.
  bool mark(std::uint64_t object);
  /// The bytes of a small span, or nothing where they have to be read first.
  const std::vector<std::byte>* held(std::uint32_t span) const;
  Result<void> read_spans(std::span<const std::uint32_t> spans);
  Result<void> scan(const Object& object);
  Result<void> scan_large(const Object& object);
  Result<void> account(std::uint64_t bytes);

  const MemoryReader& memory_;
  const HeapSpans& spans_;
  std::unordered_set<std::uint64_t> first_words_;
  std::vector<RemoteAddress> noted_;
  std::uint64_t bytes_left_;
  std::uint64_t max_bytes_;
  std::vector<std::uint64_t> marks_;    // a bit for each object
  std::vector<std::uint64_t> watched_;  // likewise
  std::vector<std::uint64_t> hits_;
  std::vector<Object> to_scan_;
  std::vector<std::vector<std::uint32_t>> waiting_;                 // by span: objects to scan once it is read
  std::vector<std::uint32_t> unread_;                               // spans that have such
  std::unordered_map<std::uint32_t, std::vector<std::byte>> held_;  // small spans, by index
  std::uint64_t held_bytes_ = 0;
  std::uint64_t reached_bytes_ = 0;
};

}  // namespace proctor
