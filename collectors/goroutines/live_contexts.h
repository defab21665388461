#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "collectors/go/context_types.h"
#include "collectors/go/go_process.h"
#include "collectors/go/heap_spans.h"

namespace proctor {

/// A context that can be cancelled and was not.
struct LiveContext {
  RemoteAddress context{};
  RemoteAddress parent{};    // the nearest above it that can be cancelled; 0 for none
  std::uint64_t holder = 0;  // a goroutine that holds `parent` on its stack; 0 for none
  bool has_deadline = false;
};

/// The contexts among objects of a heap that something refers to.
class LiveContexts {
 public:
  /// All outlive it.
  LiveContexts(const GoProcess& process, const ContextTypes& types, const HeapSpans& spans)
      : process_(process), types_(types), spans_(spans) {}

  /// The contexts on this stack are that goroutine's.
  void note_holder(std::uint64_t goid, std::span<const std::byte> words);
  /// Of objects that begin with the interface value of a context, those that are contexts which can be cancelled, and
  /// were not; at most a million.
  std::vector<LiveContext> among(std::vector<RemoteAddress> objects) const;

 private:
  std::uint64_t size_of(RemoteAddress object) const;
  bool is_in_heap(RemoteAddress address) const { return spans_.span_at(number(address)) != HeapSpans::kNone; }
  bool is_open_context(std::span<const std::byte> bytes) const;
  bool has_deadline(std::span<const std::byte> bytes) const;
  RemoteAddress cancellable_above(RemoteAddress itab, RemoteAddress data) const;

  const GoProcess& process_;
  const ContextTypes& types_;
  const HeapSpans& spans_;
  std::unordered_map<std::uint64_t, std::uint64_t> holders_;  // by address of a context: a goroutine
};

}  // namespace proctor
