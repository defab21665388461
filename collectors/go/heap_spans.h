#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "collectors/go/go_process.h"

namespace proctor {

/// A run of pages of the Go heap that holds objects of one size.
struct HeapSpan {
  RemoteAddress begin{};
  std::uint64_t element_size = 0;  // bytes
  std::uint64_t objects = 0;       // used and free
  std::uint64_t first_object = 0;  // its number among all objects of the heap
  RemoteAddress specials{};        // the first record of finalizers and the like; 0 for none
  bool has_pointers = false;       // of its objects
};

/// Where the objects of a live Go heap stand, from the runtime's own list of spans. The heap changes while it is read:
/// an object that came meanwhile is not known.
class HeapSpans {
 public:
  /// Errors: no_go_symbols where the heap is not found in a stripped binary, limit_reached above kMaxSpans or
  /// kMaxPages, layout_mismatch where the list does not hold together.
  static Result<HeapSpans> read(const GoProcess& process);

  const std::vector<HeapSpan>& spans() const { return spans_; }
  std::uint64_t objects() const { return objects_; }
  /// Those that hold pointers, in bytes.
  std::uint64_t bytes_with_pointers() const { return bytes_with_pointers_; }
  /// The index of the span that holds an address, or kNone.
  std::uint32_t span_at(std::uint64_t address) const {
    const std::uint64_t arena = (address >> kArenaShift) - first_arena_;
    if (arena >= arenas_.size() || !arenas_[arena]) return kNone;
    return (*arenas_[arena])[(address >> kPageShift) % kPagesOfArena];
  }
  static constexpr std::uint32_t kNone = 0xffffffff;

 private:
  static constexpr int kPageShift = 13;
  static constexpr int kArenaShift = 26;  // amd64: 64 MiB
  static constexpr std::size_t kPagesOfArena = std::size_t{1} << (kArenaShift - kPageShift);
  static constexpr std::uint64_t kMaxSpans = 2'000'000;
  static constexpr std::uint64_t kMaxArenas = 1 << 20;  // from the first to the last
  static constexpr std::uint64_t kMaxPages = 1 << 24;   // of all spans: 128 GiB
  using Arena = std::array<std::uint32_t, kPagesOfArena>;

  Result<void> index();

  std::vector<HeapSpan> spans_;
  std::vector<std::unique_ptr<Arena>> arenas_;
  std::uint64_t first_arena_ = 0;
  std::uint64_t objects_ = 0;
  std::uint64_t bytes_with_pointers_ = 0;
};

}  // namespace proctor
