#include "collectors/goroutines/reachability.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <span>
#include <unordered_map>
#include <utility>

#include "base/byte_cursor.h"
#include "collectors/go/heap_mark.h"
#include "collectors/go/heap_spans.h"
#include "collectors/go/timers.h"
#include "collectors/goroutines/live_goroutines.h"
#include "collectors/goroutines/wait_references.h"

namespace proctor {
namespace {

constexpr std::uint64_t kMaxObjects = std::uint64_t{1} << 29;  // two bits of our memory each
constexpr std::size_t kMaxSpecials = 10'000;                   // of a span
constexpr int kMaxModules = 64;
constexpr std::uint64_t kPiece = std::uint64_t{1} << 20;
constexpr std::uint64_t kBatchBytes = std::uint64_t{4} << 20;
constexpr std::uint64_t kMainGoroutine = 1;
constexpr std::uint64_t kWord = 8;

class Check {
 public:
  Check(const GoProcess& process, const ContextTypes& types, const HeapSpans& spans, std::uint64_t max_bytes)
      : process_(process),
        spans_(spans),
        mark_(process.memory(), spans, max_bytes),
        contexts_(process, types, spans),
        references_(process, spans) {
    mark_.note_objects_of(types.itabs());
  }

  Result<Reachability> run() {
    PROCTOR_TRY_VOID(begin());
    PROCTOR_TRY_VOID(reach_timers());
    PROCTOR_TRY_VOID(reach_variables());
    PROCTOR_TRY_VOID(reach_finalizers());
    PROCTOR_TRY_VOID(follow_those_that_can_run());
    PROCTOR_TRY_VOID(follow_those_that_moved());
    std::vector<RemoteAddress> objects = mark_.take_noted();
    Reachability found;
    found.unreachable = PROCTOR_TRY(rest());
    found.contexts = contexts_.among(std::move(objects));
    found.references = references_.take();
    return found;
  }

 private:
  Result<void> begin();
  Result<void> reach_variables();
  Result<void> reach_range(AddressRange range);
  Result<void> reach_timers();
  Result<void> reach_finalizers();
  Result<void> follow_those_that_can_run();
  Result<void> follow_those_that_moved();
  void note_woken(std::span<const std::byte> words);
  Result<std::vector<UnreachableGoroutine>> rest();
  /// Reads the structs and stacks of these goroutines, some at a time; one that cannot be read is torn where it `must`.
  Result<void> read_stacks(std::span<const std::size_t> indices, bool must,
                           const std::function<Result<void>(std::size_t, std::span<const std::byte>)>& visit);

  const GoProcess& process_;
  const HeapSpans& spans_;
  HeapMark mark_;
  LiveContexts contexts_;
  WaitReferences references_;
  std::vector<LiveGoroutine> goroutines_;
  std::vector<std::size_t> can_run_;                                     // whose stacks are to be followed
  std::unordered_map<std::uint64_t, std::vector<std::size_t>> waiters_;  // of an object of the heap
  std::unordered_map<std::uint64_t, std::size_t> sudogs_;                // whose they are
};

/// Lists the goroutines and what they wait for. What they refer to counts only once it is known that they can run.
Result<void> Check::begin() {
  GoroutineList list = PROCTOR_TRY(list_live_goroutines(process_));
  for (const RemoteAddress g : list.structs) mark_.skip(g);
  goroutines_ = std::move(list.living);
  const std::vector<WaitEntry> entries = PROCTOR_TRY(read_wait_entries(process_, goroutines_));
  for (const WaitEntry& entry : entries) {
    LiveGoroutine& goroutine = goroutines_[entry.goroutine];
    mark_.skip(entry.sudog);
    sudogs_.emplace(number(entry.sudog), entry.goroutine);
    if (goroutine.object == RemoteAddress{}) goroutine.object = entry.object;
    references_.want(entry.object, goroutine.for_lock);
    if (const auto object = mark_.object_at(entry.object)) {
      waiters_[*object].push_back(entry.goroutine);
      mark_.watch(*object);
    } else {
      // A variable, or part of a stack: it is there for those that can run.
      goroutine.wait = Wait::none;
    }
  }
  for (std::size_t i = 0; i < goroutines_.size(); ++i) {
    goroutines_[i].can_run = goroutines_[i].wait == Wait::none;
    if (goroutines_[i].can_run) can_run_.push_back(i);
  }
  return {};
}

/// What cannot be read would not keep alive what it refers to: then nothing is told.
Result<void> Check::reach_range(AddressRange range) {
  std::vector<std::byte> piece;
  for (RemoteAddress at = range.begin; at < range.end; at = at + piece.size()) {
    piece.resize(std::min(kPiece, range.end - at));
    PROCTOR_TRY_VOID(process_.memory().read(at, piece));
    mark_.reach(piece);
  }
  return {};
}

Result<void> Check::reach_variables() {
  GoModule module = process_.module();
  for (int count = 0; count < kMaxModules; ++count) {
    PROCTOR_TRY_VOID(reach_range(module.data));
    PROCTOR_TRY_VOID(reach_range(module.bss));
    if (module.next == RemoteAddress{}) return {};
    module = PROCTOR_TRY(read_go_module(process_.memory(), module.next, process_.layout().moduledata));
  }
  return fail(ErrorCode::limit_reached, "more than {} modules", kMaxModules);
}

/// A processor also holds what it has just used, which is not a reference: only its timers are.
Result<void> Check::reach_timers() {
  const std::vector<TimerList> lists = PROCTOR_TRY(timer_lists(process_));
  for (const TimerList& list : lists) {
    mark_.skip(list.processor);
    mark_.reach(list.begin);
  }
  return {};
}

/// Records of finalizers and cleanups name a function, which refers to what it needs; and a finalizer can use its
/// object. Records of other kinds only point to what is outside of heap and module.
Result<void> Check::reach_finalizers() {
  struct Special {
    RemoteAddress next{};
    std::uint16_t offset = 0;
    std::array<std::uint8_t, 6> kind{};
    std::array<RemoteAddress, 4> words{};
  };
  static_assert(sizeof(Special) == 48);
  const AddressRange module{process_.module().text, process_.module().bss.end};
  for (const HeapSpan& span : spans_.spans()) {
    RemoteAddress at = span.specials;
    for (std::size_t count = 0; at != RemoteAddress{} && count < kMaxSpecials; ++count) {
      const auto special = PROCTOR_TRY(process_.memory().read_value<Special>(at));
      const bool names_function = std::ranges::any_of(
          special.words, [&](RemoteAddress word) { return module.contains(word) || mark_.is_in_heap(word); });
      if (names_function) {
        mark_.reach(std::as_bytes(std::span{special.words}));
        mark_.reach(span.begin + special.offset);
      }
      at = special.next;
    }
  }
  return {};
}

Result<void> Check::read_stacks(std::span<const std::size_t> indices, bool must,
                                const std::function<Result<void>(std::size_t, std::span<const std::byte>)>& visit) {
  const std::uint32_t g_size = process_.layout().g.size;
  std::vector<std::byte> bytes;
  for (std::size_t from = 0; from < indices.size();) {
    std::size_t end = from;
    std::uint64_t total = 0;
    for (; end < indices.size() && (end == from || total < kBatchBytes); ++end) {
      total += g_size + goroutines_[indices[end]].stack.size();
    }
    bytes.resize(total);
    std::vector<ReadRequest> requests;
    std::uint64_t at = 0;
    for (std::size_t i = from; i < end; ++i) {
      const LiveGoroutine& goroutine = goroutines_[indices[i]];
      requests.push_back({.from = goroutine.address, .into = std::span{bytes}.subspan(at, g_size)});
      requests.push_back(
          {.from = goroutine.stack.begin, .into = std::span{bytes}.subspan(at + g_size, goroutine.stack.size())});
      at += g_size + goroutine.stack.size();
    }
    PROCTOR_TRY_VOID(process_.memory().read_many(requests));
    for (std::size_t i = from; i < end; ++i) {
      const ReadRequest& g = requests[2 * (i - from)];
      const ReadRequest& stack = requests[2 * (i - from) + 1];
      if (!g.complete || !stack.complete) {
        if (must) return fail(ErrorCode::torn_read, "the stack of goroutine {} moved", goroutines_[indices[i]].goid);
        continue;
      }
      const std::span<const std::byte> both{g.into.data(), g.into.size() + stack.into.size()};
      PROCTOR_TRY_VOID(visit(indices[i], both));
    }
    from = end;
  }
  return {};
}

/// Goroutines that wait for something reached can run, and so reach more.
Result<void> Check::follow_those_that_can_run() {
  const auto reach = [&](std::size_t index, std::span<const std::byte> words) -> Result<void> {
    mark_.reach(words);
    contexts_.note_holder(goroutines_[index].goid, words);
    references_.note(goroutines_[index], words);
    if (goroutines_[index].runs) note_woken(words);
    return {};
  };
  while (true) {
    const std::vector<std::size_t> now = std::exchange(can_run_, {});
    PROCTOR_TRY_VOID(read_stacks(now, true, reach));
    PROCTOR_TRY_VOID(mark_.trace());
    for (const std::uint64_t object : mark_.take_hits()) {
      for (const std::size_t waiter : waiters_[object]) {
        if (!std::exchange(goroutines_[waiter].can_run, true)) can_run_.push_back(waiter);
      }
    }
    if (can_run_.empty()) return {};
  }
}

/// A goroutine that came, or went on, while the references were followed may have taken one along that was not seen any
/// more where it had been.
Result<void> Check::follow_those_that_moved() {
  if (std::ranges::all_of(goroutines_, &LiveGoroutine::can_run)) return {};
  std::unordered_map<std::uint64_t, std::size_t> known;
  for (std::size_t i = 0; i < goroutines_.size(); ++i) known.emplace(number(goroutines_[i].address), i);
  const GoroutineList again = PROCTOR_TRY(list_live_goroutines(process_));
  for (const RemoteAddress g : again.structs) mark_.skip(g);
  for (const LiveGoroutine& now : again.living) {
    const auto [place, is_new] = known.try_emplace(number(now.address), goroutines_.size());
    if (is_new) goroutines_.emplace_back();
    LiveGoroutine& goroutine = goroutines_[place->second];
    const bool stood = !is_new && goroutine.goid == now.goid && goroutine.token == now.token &&
                       goroutine.waiting == now.waiting && goroutine.stack == now.stack;
    if (stood && !now.runs) continue;
    goroutine = now;
    goroutine.can_run = true;
    can_run_.push_back(place->second);
  }
  return follow_those_that_can_run();
}

/// Who wakes a goroutine has taken it out of its queue already, and has nothing but that entry in hand.
void Check::note_woken(std::span<const std::byte> words) {
  for (std::size_t at = 0; at + kWord <= words.size(); at += kWord) {
    const auto woken = sudogs_.find(load<std::uint64_t>(words, at).value_or(0));
    if (woken == sudogs_.end()) continue;
    if (!std::exchange(goroutines_[woken->second].can_run, true)) can_run_.push_back(woken->second);
  }
}

Result<std::vector<UnreachableGoroutine>> Check::rest() {
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < goroutines_.size(); ++i) {
    if (!goroutines_[i].can_run) indices.push_back(i);
  }
  std::ranges::sort(indices, {}, [&](std::size_t i) { return goroutines_[i].goid; });
  std::vector<UnreachableGoroutine> found;
  const auto take = [&](std::size_t index, std::span<const std::byte> words) -> Result<void> {
    references_.note(goroutines_[index], words);
    const std::uint64_t before = mark_.reached_bytes();
    mark_.reach(words);
    PROCTOR_TRY_VOID(mark_.trace());
    const LiveGoroutine& goroutine = goroutines_[index];
    // The main function often waits for ever by intent.
    if (goroutine.goid == kMainGoroutine) return {};
    found.push_back({.goid = goroutine.goid,
                     .wait_token = goroutine.token,
                     .object = goroutine.object,
                     .held = Bytes{mark_.reached_bytes() - before}});
    return {};
  };
  PROCTOR_TRY_VOID(read_stacks(indices, false, take));
  return found;
}

}  // namespace

Result<Reachability> follow_references(const GoProcess& process, const ContextTypes& types, std::uint64_t max_bytes) {
  const HeapSpans spans = PROCTOR_TRY(HeapSpans::read(process));
  if (spans.objects() > kMaxObjects || spans.bytes_with_pointers() > max_bytes) {
    return fail(ErrorCode::limit_reached, "a heap of {} objects, {} bytes of which may hold pointers", spans.objects(),
                spans.bytes_with_pointers());
  }
  return Check{process, types, spans, max_bytes}.run();
}

}  // namespace proctor
