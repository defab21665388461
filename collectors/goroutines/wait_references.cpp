#include "collectors/goroutines/wait_references.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/byte_cursor.h"

namespace proctor {
namespace {

constexpr std::uint64_t kWord = 8;
constexpr std::size_t kInnermost = 2048;  // bytes of a stack
constexpr std::size_t kStructWords = 16;

}  // namespace

void WaitReferences::want(RemoteAddress object, bool lock) {
  any_lock_ = any_lock_ || lock;
  if (!objects_.insert(number(object)).second) return;
  if (!lock) {
    wanted_.emplace(number(object), object);
    return;
  }
  // The word is a semaphore within a Mutex, within an RWMutex for writers or readers, or within a WaitGroup; who locks
  // has the address of the whole.
  for (const std::uint64_t distance : {4U, 8U, 12U}) wanted_.emplace(number(object) - distance, object);
  if (spans_.span_at(number(object)) != HeapSpans::kNone) return;
  const RemoteAddress begin{number(object) - 12};
  variables_.begin = variables_.size() == 0 ? begin : std::min(variables_.begin, begin);
  variables_.end = std::max(variables_.end, object);
}

void WaitReferences::note(const LiveGoroutine& goroutine, std::span<const std::byte> words) {
  if (!any_lock_ || references_.size() >= kMost) return;
  const AddressRange variables{process_.module().data.begin, process_.module().bss.end};
  const auto is_data = [&](RemoteAddress word) {
    return spans_.span_at(number(word)) != HeapSpans::kNone || variables.contains(word) || variables_.contains(word);
  };
  const std::size_t g_size = process_.layout().g.size;  // stands before the stack
  std::vector<RemoteAddress> structs;
  for (std::size_t at = 0; at + kWord <= words.size(); at += kWord) {
    const auto word = load<RemoteAddress>(words, at).value_or(RemoteAddress{});
    if (!is_data(word)) continue;
    note_word(goroutine, word);
    if (at >= g_size && at < g_size + kInnermost) structs.push_back(word);
  }
  // Who waits for a lock most often has a struct at hand that holds the channel as well.
  if (!goroutine.for_lock || structs_left_ == 0) return;
  --structs_left_;
  std::vector<std::array<RemoteAddress, kStructWords>> contents(structs.size());
  std::vector<ReadRequest> requests;
  for (std::size_t i = 0; i < structs.size(); ++i) {
    requests.push_back({.from = structs[i], .into = std::as_writable_bytes(std::span{contents[i]})});
  }
  if (!process_.memory().read_many(requests)) return;
  for (std::size_t i = 0; i < structs.size(); ++i) {
    if (!requests[i].complete) continue;
    for (const RemoteAddress word : contents[i]) note_word(goroutine, word);
  }
}

void WaitReferences::note_word(const LiveGoroutine& goroutine, RemoteAddress word) {
  const auto [first, last] = wanted_.equal_range(number(word));
  for (auto wanted = first; wanted != last; ++wanted) {
    if (goroutine.object == wanted->second) continue;
    references_.push_back({.object = wanted->second, .goid = goroutine.goid});
  }
}

std::vector<WaitReference> WaitReferences::take() {
  std::ranges::sort(references_, {}, [](const WaitReference& reference) {
    return std::pair{reference.object, reference.goid};
  });
  return std::exchange(references_, {});
}

}  // namespace proctor
