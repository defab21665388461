#include "collectors/goroutines/reachability.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "base/byte_cursor.h"
#include "collectors/go/goroutine_reader.h"
#include "collectors/go/heap_mark.h"
#include "collectors/go/heap_spans.h"
#include "collectors/go/semaphores.h"

namespace proctor {
namespace {

constexpr std::size_t kMaxGoroutines = 1'000'000;
constexpr std::uint64_t kMaxObjects = std::uint64_t{1} << 29;  // two bits of our memory each
constexpr std::size_t kMaxCases = 4096;                        // of a select
constexpr std::size_t kMaxSpecials = 10'000;                   // of a span
constexpr int kMaxModules = 64;
constexpr std::uint64_t kPiece = std::uint64_t{1} << 20;
constexpr std::uint64_t kBatchBytes = std::uint64_t{4} << 20;
constexpr std::uint64_t kMaxStack = std::uint64_t{1} << 30;  // what the runtime allows
constexpr std::uint64_t kMainGoroutine = 1;
constexpr std::uint32_t kWord = 8;
constexpr std::size_t kMaxContexts = 1'000'000;
constexpr std::size_t kMaxReferences = 100'000;
constexpr std::size_t kMaxStructReaders = 256;  // goroutines
constexpr std::size_t kInnermost = 2048;        // bytes of their stacks
constexpr std::size_t kStructWords = 16;
constexpr int kMaxParents = 16;

/// What a goroutine waits for.
enum class Wait : std::uint8_t {
  none,      // for nothing that another goroutine has: it can go on
  for_ever,  // for a channel that is nil, or no case at all
  object     // for what its sudogs name
};

Wait wait_of(std::string_view reason) {
  if (reason == "chan receive (nil chan)" || reason == "chan send (nil chan)" || reason == "select (no cases)") {
    return Wait::for_ever;
  }
  constexpr std::array<std::string_view, 9> kObjects{"chan receive",        "chan send",          "select",
                                                     "sync.Mutex.Lock",     "sync.RWMutex.RLock", "sync.RWMutex.Lock",
                                                     "sync.WaitGroup.Wait", "sync.Cond.Wait",     "semacquire"};
  return std::ranges::find(kObjects, reason) == kObjects.end() ? Wait::none : Wait::object;
}

struct Goroutine {
  RemoteAddress address{};
  std::uint64_t goid = 0;
  AddressRange stack;  // what of it can hold pointers
  RemoteAddress waiting{};
  RemoteAddress object{};  // the first that it waits for
  std::uint8_t token = 0;
  Wait wait = Wait::none;
  bool can_run = false;  // what it refers to is reached
  bool for_lock = false;
  bool runs = false;  // at this moment
};

class Check {
 public:
  Check(const GoProcess& process, const ContextTypes& types, const HeapSpans& spans, std::uint64_t max_bytes)
      : process_(process), types_(types), spans_(spans), mark_(process.memory(), spans, max_bytes) {
    mark_.note_objects_of(types.itabs());
  }

  Result<Reachability> run() {
    goroutines_ = PROCTOR_TRY(list_goroutines());
    PROCTOR_TRY_VOID(read_waits());
    reach_timers();
    PROCTOR_TRY_VOID(reach_variables());
    reach_finalizers();
    PROCTOR_TRY_VOID(follow_those_that_can_run());
    PROCTOR_TRY_VOID(follow_those_that_moved());
    std::vector<RemoteAddress> contexts = mark_.take_noted();
    Reachability found;
    found.unreachable = PROCTOR_TRY(rest());
    found.contexts = live_contexts(std::move(contexts));
    found.references = std::move(references_);
    std::ranges::sort(found.references, {}, [](const WaitReference& reference) {
      return std::pair{reference.object, reference.goid};
    });
    return found;
  }

 private:
  Result<std::vector<Goroutine>> list_goroutines();
  Result<void> read_waits();
  void read_semaphore_waits(std::vector<bool>& told);
  void take_object(std::size_t index, RemoteAddress object);
  /// Remembers by which words of a stack an object that is waited for is referred to.
  void want(RemoteAddress object, bool lock);
  void note_references(std::size_t index, std::span<const std::byte> words);
  void note_reference(std::size_t index, RemoteAddress word);
  void note_woken(std::span<const std::byte> words);
  Result<void> reach_variables();
  void reach_range(AddressRange range);
  void reach_timers();
  void reach_finalizers();
  Result<void> follow_those_that_can_run();
  Result<void> follow_those_that_moved();
  /// Reads the structs and stacks of these goroutines, some at a time.
  Result<void> read_stacks(std::span<const std::size_t> indices, bool must,
                           const std::function<Result<void>(std::size_t, std::span<const std::byte>)>& visit);
  Result<std::vector<UnreachableGoroutine>> rest();
  /// The contexts on a stack are that goroutine's.
  void note_holder(std::uint64_t goid, std::span<const std::byte> words);
  std::vector<LiveContext> live_contexts(std::vector<RemoteAddress> objects);
  bool is_open_context(std::span<const std::byte> bytes) const;
  RemoteAddress cancellable_above(RemoteAddress itab, RemoteAddress data) const;

  const GoProcess& process_;
  const ContextTypes& types_;
  const HeapSpans& spans_;
  HeapMark mark_;
  std::vector<Goroutine> goroutines_;
  std::vector<std::size_t> can_run_;                                     // whose stacks are to be followed
  std::unordered_map<std::uint64_t, std::vector<std::size_t>> waiters_;  // of an object of the heap
  bool any_lock_ = false;
  std::size_t structs_left_ = kMaxStructReaders;
  std::unordered_set<std::uint64_t> wanted_objects_;
  std::unordered_multimap<std::uint64_t, RemoteAddress> wanted_;  // by word: what is waited for
  std::unordered_map<std::uint64_t, std::size_t> sudogs_;         // whose they are
  std::vector<WaitReference> references_;
  std::unordered_map<std::uint64_t, std::uint64_t> holders_;  // of contexts, by address: a goroutine
};

Result<std::vector<Goroutine>> Check::list_goroutines() {
  const GLayout& layout = process_.layout().g;
  const auto addresses = PROCTOR_TRY(GoroutineReader{process_}.list());
  if (addresses.size() > kMaxGoroutines) {
    return fail(ErrorCode::limit_reached, "more than {} goroutines", kMaxGoroutines);
  }
  const auto reasons = process_.layout().wait_reasons;
  const bool tells_semaphores = process_.layout().from >= GoVersion{1, 26, 0};
  constexpr std::size_t kBatch = 4096;
  std::vector<Goroutine> goroutines;
  std::vector<std::byte> bytes;
  for (std::size_t from = 0; from < addresses.size(); from += kBatch) {
    const std::size_t count = std::min(kBatch, addresses.size() - from);
    bytes.resize(count * layout.size);
    std::vector<ReadRequest> requests;
    for (std::size_t i = 0; i < count; ++i) {
      requests.push_back({.from = addresses[from + i], .into = std::span{bytes}.subspan(i * layout.size, layout.size)});
    }
    PROCTOR_TRY_VOID(process_.memory().read_many(requests));
    for (const ReadRequest& request : requests) {
      // What a goroutine refers to counts only once it is known that it can run.
      mark_.skip(request.from);
      const auto g = request.complete ? decode_goroutine(request.into, request.from, layout) : std::nullopt;
      if (!g || g->stack.begin >= g->stack.end || g->stack.size() > kMaxStack) continue;
      Goroutine goroutine{.address = g->address, .goid = g->goid, .stack = g->stack, .token = g->tracking_seq};
      if (g->stack.contains(g->sp)) goroutine.stack.begin = g->sp;
      goroutine.runs = g->status == GStatus::running || g->status == GStatus::copystack;
      if (g->status == GStatus::waiting || g->status == GStatus::leaked) {
        const std::string_view reason = g->wait_reason < reasons.size() ? reasons[g->wait_reason] : "";
        goroutine.wait = wait_of(reason);
        goroutine.waiting = g->waiting;
        goroutine.for_lock = reason == "semacquire" || reason.starts_with("sync.");
        // Until 1.25 a condition is not named, and from 1.26 on only the runtime itself waits for this.
        if (reason == (tells_semaphores ? "semacquire" : "sync.Cond.Wait")) goroutine.wait = Wait::none;
      }
      goroutines.push_back(goroutine);
    }
  }
  return goroutines;
}

void Check::take_object(std::size_t index, RemoteAddress object) {
  if (goroutines_[index].object == RemoteAddress{}) goroutines_[index].object = object;
  want(object, goroutines_[index].for_lock);
  const auto known = mark_.object_at(object);
  // A variable, or part of a stack: it is there for those that can run.
  if (!known) {
    goroutines_[index].wait = Wait::none;
    return;
  }
  waiters_[*known].push_back(index);
  mark_.watch(*known);
}

/// The objects that goroutines wait for. Those of which that is not told are left able to run.
Result<void> Check::read_waits() {
  const SudogLayout& layout = process_.layout().sudog;
  struct Link {
    std::size_t goroutine;
    RemoteAddress sudog;
  };
  std::vector<Link> links;
  for (std::size_t i = 0; i < goroutines_.size(); ++i) {
    if (goroutines_[i].wait != Wait::object) continue;
    if (goroutines_[i].waiting != RemoteAddress{}) links.push_back({i, goroutines_[i].waiting});
  }
  std::vector<bool> told(goroutines_.size());
  std::vector<std::byte> bytes;
  for (std::size_t round = 0; !links.empty() && round < kMaxCases; ++round) {
    bytes.resize(links.size() * layout.size);
    std::vector<ReadRequest> requests;
    for (std::size_t i = 0; i < links.size(); ++i) {
      mark_.skip(links[i].sudog);
      sudogs_.emplace(number(links[i].sudog), links[i].goroutine);
      requests.push_back({.from = links[i].sudog, .into = std::span{bytes}.subspan(i * layout.size, layout.size)});
    }
    PROCTOR_TRY_VOID(process_.memory().read_many(requests));
    std::vector<Link> next;
    for (std::size_t i = 0; i < links.size(); ++i) {
      Goroutine& goroutine = goroutines_[links[i].goroutine];
      const auto word = [&](std::uint32_t offset) {
        return load<RemoteAddress>(requests[i].into, offset).value_or(RemoteAddress{});
      };
      const RemoteAddress channel = word(layout.c);
      const RemoteAddress object = channel != RemoteAddress{} ? channel : word(layout.elem);
      if (!requests[i].complete || word(layout.g) != goroutine.address || object == RemoteAddress{}) {
        goroutine.wait = Wait::none;  // it has moved
        continue;
      }
      take_object(links[i].goroutine, object);
      told[links[i].goroutine] = true;
      if (channel != RemoteAddress{} && word(layout.waitlink) != RemoteAddress{}) {
        next.push_back({links[i].goroutine, word(layout.waitlink)});
      }
    }
    links = std::move(next);
  }
  for (const Link& link : links) goroutines_[link.goroutine].wait = Wait::none;  // too many cases
  if (process_.layout().from < GoVersion{1, 26, 0}) read_semaphore_waits(told);
  for (std::size_t i = 0; i < goroutines_.size(); ++i) {
    Goroutine& goroutine = goroutines_[i];
    if (goroutine.wait == Wait::object && !told[i]) goroutine.wait = Wait::none;
    goroutine.can_run = goroutine.wait == Wait::none;
    if (goroutine.can_run) can_run_.push_back(i);
  }
  return {};
}

void Check::want(RemoteAddress object, bool lock) {
  any_lock_ = any_lock_ || lock;
  if (!wanted_objects_.insert(number(object)).second) return;
  if (!lock) {
    wanted_.emplace(number(object), object);
    return;
  }
  // The word is a semaphore within a Mutex, within an RWMutex for writers or readers, or within a WaitGroup; who locks
  // has the address of the whole.
  for (const std::uint64_t distance : {4U, 8U, 12U}) wanted_.emplace(number(object) - distance, object);
}

void Check::note_references(std::size_t index, std::span<const std::byte> words) {
  if (!any_lock_ || references_.size() >= kMaxReferences) return;
  const AddressRange variables{process_.module().data.begin, process_.module().bss.end};
  const auto is_data = [&](RemoteAddress word) { return mark_.is_in_heap(word) || variables.contains(word); };
  const std::size_t g_size = process_.layout().g.size;  // stands before the stack
  std::vector<RemoteAddress> structs;
  for (std::size_t at = 0; at + kWord <= words.size(); at += kWord) {
    const auto word = load<RemoteAddress>(words, at).value_or(RemoteAddress{});
    if (!is_data(word)) continue;
    note_reference(index, word);
    if (at >= g_size && at < g_size + kInnermost) structs.push_back(word);
  }
  // Who waits for a lock most often has a struct at hand that holds the channel as well.
  if (!goroutines_[index].for_lock || structs_left_ == 0) return;
  --structs_left_;
  std::vector<std::array<RemoteAddress, kStructWords>> contents(structs.size());
  std::vector<ReadRequest> requests;
  for (std::size_t i = 0; i < structs.size(); ++i) {
    requests.push_back({.from = structs[i], .into = std::as_writable_bytes(std::span{contents[i]})});
  }
  if (!process_.memory().read_many(requests)) return;
  for (std::size_t i = 0; i < structs.size(); ++i) {
    if (!requests[i].complete) continue;
    for (const RemoteAddress word : contents[i]) note_reference(index, word);
  }
}

/// Who wakes a goroutine has taken it out of its queue already, and has nothing but that entry in hand.
void Check::note_woken(std::span<const std::byte> words) {
  for (std::size_t at = 0; at + kWord <= words.size(); at += kWord) {
    const auto woken = sudogs_.find(load<std::uint64_t>(words, at).value_or(0));
    if (woken == sudogs_.end()) continue;
    if (!std::exchange(goroutines_[woken->second].can_run, true)) can_run_.push_back(woken->second);
  }
}

void Check::note_reference(std::size_t index, RemoteAddress word) {
  const auto [first, last] = wanted_.equal_range(number(word));
  for (auto wanted = first; wanted != last; ++wanted) {
    if (goroutines_[index].object == wanted->second) continue;
    references_.push_back({.object = wanted->second, .goid = goroutines_[index].goid});
  }
}

/// Until 1.25 only the runtime's table says who waits for which semaphore.
void Check::read_semaphore_waits(std::vector<bool>& told) {
  const auto queues = read_semaphores(process_, SIZE_MAX);
  if (!queues) return;
  std::unordered_map<std::uint64_t, std::size_t> by_address;
  for (std::size_t i = 0; i < goroutines_.size(); ++i) {
    if (goroutines_[i].wait == Wait::object && !told[i]) by_address.emplace(number(goroutines_[i].address), i);
  }
  for (const SemaphoreQueue& queue : *queues) {
    for (const RemoteAddress sudog : queue.sudogs) mark_.skip(sudog);
    for (std::size_t i = 0; i < queue.waiters.size(); ++i) {
      const auto known = by_address.find(number(queue.waiters[i]));
      if (known == by_address.end()) continue;
      sudogs_.emplace(number(queue.sudogs[i]), known->second);
      take_object(known->second, queue.semaphore);
      told[known->second] = true;
    }
  }
}

void Check::reach_range(AddressRange range) {
  std::vector<std::byte> piece;
  for (RemoteAddress at = range.begin; at < range.end; at = at + piece.size()) {
    piece.resize(std::min(kPiece, range.end - at));
    if (process_.memory().read(at, piece)) mark_.reach(piece);
  }
}

Result<void> Check::reach_variables() {
  GoModule module = process_.module();
  for (int count = 0; count < kMaxModules; ++count) {
    reach_range(module.data);
    reach_range(module.bss);
    if (module.next == RemoteAddress{}) return {};
    module = PROCTOR_TRY(read_go_module(process_.memory(), module.next, process_.layout().moduledata));
  }
  return fail(ErrorCode::limit_reached, "more than {} modules", kMaxModules);
}

/// A processor also holds what it has just used, which is not a reference: only its timers are.
void Check::reach_timers() {
  constexpr std::uint64_t kSlice = 24;  // stands before the count, in every release
  struct {
    RemoteAddress begin;
    std::uint64_t length;
  } allp{}, timers{};
  const MemoryReader& memory = process_.memory();
  const auto bytes_of = [](auto& value) { return std::as_writable_bytes(std::span{&value, 1}); };
  constexpr std::uint64_t kMaxProcessors = 1 << 16;
  if (!memory.read(process_.globals().allp, bytes_of(allp)) || allp.length > kMaxProcessors) return;
  for (std::uint64_t i = 0; i < allp.length; ++i) {
    const auto p = memory.read_value<RemoteAddress>(allp.begin + i * sizeof(RemoteAddress));
    if (p) mark_.skip(*p);
    if (p && memory.read(*p + process_.layout().p.timers - kSlice, bytes_of(timers))) mark_.reach(timers.begin);
  }
}

/// Records of finalizers and cleanups name a function, which refers to what it needs; and a finalizer can use its
/// object. Records of other kinds only point to what is outside of heap and module.
void Check::reach_finalizers() {
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
      const auto special = process_.memory().read_value<Special>(at);
      if (!special) break;
      const bool names_function = std::ranges::any_of(
          special->words, [&](RemoteAddress word) { return module.contains(word) || mark_.is_in_heap(word); });
      if (names_function) {
        mark_.reach(std::as_bytes(std::span{special->words}));
        mark_.reach(span.begin + special->offset);
      }
      at = special->next;
    }
  }
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
      const Goroutine& goroutine = goroutines_[indices[i]];
      requests.push_back({.from = goroutine.address, .into = std::span{bytes}.subspan(at, g_size)});
      requests.push_back(
          {.from = goroutine.stack.begin, .into = std::span{bytes}.subspan(at + g_size, goroutine.stack.size())});
      at += g_size + goroutine.stack.size();
    }
    PROCTOR_TRY_VOID(process_.memory().read_many(requests));
    for (std::size_t i = from; i < end; ++i) {
      const ReadRequest& g = requests[2 * (i - from)];
      const ReadRequest& stack = requests[2 * (i - from) + 1];
      if (must && (!g.complete || !stack.complete)) {
        return fail(ErrorCode::torn_read, "the stack of goroutine {} moved", goroutines_[indices[i]].goid);
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
    note_holder(goroutines_[index].goid, words);
    note_references(index, words);
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
  if (std::ranges::all_of(goroutines_, &Goroutine::can_run)) return {};
  std::unordered_map<std::uint64_t, std::size_t> known;
  for (std::size_t i = 0; i < goroutines_.size(); ++i) known.emplace(number(goroutines_[i].address), i);
  const std::vector<Goroutine> again = PROCTOR_TRY(list_goroutines());
  for (const Goroutine& now : again) {
    const auto [place, is_new] = known.try_emplace(number(now.address), goroutines_.size());
    if (is_new) goroutines_.emplace_back();
    Goroutine& goroutine = goroutines_[place->second];
    const bool stood = !is_new && goroutine.goid == now.goid && goroutine.token == now.token &&
                       goroutine.waiting == now.waiting && goroutine.stack == now.stack;
    if (stood && !now.runs) continue;
    goroutine = now;
    goroutine.can_run = true;
    can_run_.push_back(place->second);
  }
  return follow_those_that_can_run();
}

Result<std::vector<UnreachableGoroutine>> Check::rest() {
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < goroutines_.size(); ++i) {
    if (!goroutines_[i].can_run) indices.push_back(i);
  }
  std::ranges::sort(indices, {}, [&](std::size_t i) { return goroutines_[i].goid; });
  std::vector<UnreachableGoroutine> found;
  const auto take = [&](std::size_t index, std::span<const std::byte> words) -> Result<void> {
    note_references(index, words);
    const std::uint64_t before = mark_.reached_bytes();
    mark_.reach(words);
    PROCTOR_TRY_VOID(mark_.trace());
    const Goroutine& goroutine = goroutines_[index];
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

void Check::note_holder(std::uint64_t goid, std::span<const std::byte> words) {
  for (std::size_t at = 0; at + kWord + kWord <= words.size(); at += kWord) {
    const auto kind = types_.kind_of(load<RemoteAddress>(words, at).value_or(RemoteAddress{}));
    if (kind != ContextKind::cancel && kind != ContextKind::timer) continue;
    holders_.try_emplace(load<std::uint64_t>(words, at + kWord).value_or(0), goid);
  }
}

/// Whether this is a context.cancelCtx that nobody has cancelled. What begins with a context may be another struct.
bool Check::is_open_context(std::span<const std::byte> bytes) const {
  const ContextLayout& layout = process_.layout().context;
  const auto word = [&](std::uint32_t offset) { return load<RemoteAddress>(bytes, offset).value_or(RemoteAddress{}); };
  const RemoteAddress children = word(layout.children);
  const RemoteAddress done_type =
      word(layout.children - 2 * kWord);  // an atomic.Value: a channel, once one was asked for
  const RemoteAddress done = word(layout.children - kWord);
  const bool has_done = process_.module().types.contains(done_type) && mark_.is_in_heap(done);
  return types_.kind_of(word(0)) && word(layout.err) == RemoteAddress{} &&
         (children == RemoteAddress{} || mark_.is_in_heap(children)) &&
         (has_done || (done_type == RemoteAddress{} && done == RemoteAddress{}));
}

/// Of objects that begin with a context, those that are contexts which can be cancelled, and were not.
std::vector<LiveContext> Check::live_contexts(std::vector<RemoteAddress> objects) {
  const ContextLayout& layout = process_.layout().context;
  const std::uint32_t size = layout.cancel_size;
  const auto size_of = [&](RemoteAddress object) {
    const std::uint32_t index = spans_.span_at(number(object));
    return index == HeapSpans::kNone ? 0 : spans_.spans()[index].element_size;
  };
  std::erase_if(objects, [&](RemoteAddress object) { return size_of(object) < size; });
  objects.resize(std::min(objects.size(), kMaxContexts));
  std::ranges::sort(objects);
  std::vector<std::byte> bytes(objects.size() * size);
  std::vector<ReadRequest> requests;
  requests.reserve(objects.size());
  for (std::size_t i = 0; i < objects.size(); ++i) {
    requests.push_back({.from = objects[i], .into = std::span{bytes}.subspan(i * size, size)});
  }
  std::vector<LiveContext> live;
  if (!process_.memory().read_many(requests)) return live;
  for (const ReadRequest& request : requests) {
    if (!request.complete || !is_open_context(request.into)) continue;
    const auto parent = load<std::array<RemoteAddress, 2>>(request.into, 0).value_or(std::array<RemoteAddress, 2>{});
    LiveContext context{.context = request.from, .parent = cancellable_above(parent[0], parent[1])};
    const auto holder = holders_.find(number(context.parent));
    if (context.parent != RemoteAddress{} && holder != holders_.end()) context.holder = holder->second;
    context.has_deadline = !layout.timer_has_pointer && size_of(request.from) >= layout.timer_size;
    live.push_back(context);
  }
  return live;
}

/// The nearest context that can be cancelled, from one of this type and address upwards.
RemoteAddress Check::cancellable_above(RemoteAddress itab, RemoteAddress data) const {
  struct Parent {
    RemoteAddress itab{}, data{};
  };
  for (int level = 0; level < kMaxParents; ++level) {
    const auto kind = types_.kind_of(itab);
    if (kind == ContextKind::cancel || kind == ContextKind::timer) return data;
    if (kind != ContextKind::value) return {};
    const auto parent = process_.memory().read_value<Parent>(data);
    if (!parent) return {};
    itab = parent->itab;
    data = parent->data;
  }
  return {};
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
