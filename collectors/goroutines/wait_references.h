#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "collectors/go/go_process.h"
#include "collectors/go/heap_spans.h"
#include "collectors/goroutines/live_goroutines.h"
#include "collectors/observation/unreachable_snapshot.h"

namespace proctor {

/// Which goroutines refer on their stacks to what others wait for: who may hold a lock, or use a channel. Collects only
/// where somebody waits for a lock.
class WaitReferences {
 public:
  /// Both outlive it.
  WaitReferences(const GoProcess& process, const HeapSpans& spans) : process_(process), spans_(spans) {}

  /// Somebody waits for this.
  void want(RemoteAddress object, bool lock);
  /// `words` are the goroutine's runtime.g and then its stack.
  void note(const LiveGoroutine& goroutine, std::span<const std::byte> words);
  /// By object, then by number.
  std::vector<WaitReference> take();

 private:
  static constexpr std::size_t kMost = 100'000;
  static constexpr std::size_t kMostStructReaders = 256;  // goroutines

  void note_word(const LiveGoroutine& goroutine, RemoteAddress word);

  const GoProcess& process_;
  const HeapSpans& spans_;
  bool any_lock_ = false;
  std::size_t structs_left_ = kMostStructReaders;
  std::unordered_set<std::uint64_t> objects_;
  std::unordered_multimap<std::uint64_t, RemoteAddress> wanted_;  // by word: what is waited for
  AddressRange variables_;  // where such words lie outside of the heap: variables without pointers as well
  std::vector<WaitReference> references_;
};

}  // namespace proctor
