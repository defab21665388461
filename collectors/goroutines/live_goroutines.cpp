#include "collectors/goroutines/live_goroutines.h"

#include <algorithm>
#include <array>
#include <bit>
#include <string_view>
#include <unordered_map>

#include "base/byte_cursor.h"
#include "collectors/go/goroutine_reader.h"
#include "collectors/go/semaphores.h"

namespace proctor {
namespace {

constexpr std::size_t kMaxGoroutines = 1'000'000;
constexpr std::uint64_t kMaxStack = std::uint64_t{64} << 20;
constexpr std::size_t kMaxCases = 4096;  // of a select

Wait wait_of(std::string_view reason) {
  if (reason == "chan receive (nil chan)" || reason == "chan send (nil chan)" || reason == "select (no cases)") {
    return Wait::for_ever;
  }
  constexpr std::array<std::string_view, 9> kObjects{"chan receive",        "chan send",          "select",
                                                     "sync.Mutex.Lock",     "sync.RWMutex.RLock", "sync.RWMutex.Lock",
                                                     "sync.WaitGroup.Wait", "sync.Cond.Wait",     "semacquire"};
  return std::ranges::find(kObjects, reason) == kObjects.end() ? Wait::none : Wait::object;
}

/// Until 1.25 only the runtime's table says who waits for which semaphore.
void add_semaphore_waits(const GoProcess& process, std::span<const LiveGoroutine> goroutines, std::vector<bool>& told,
                         std::vector<WaitEntry>& entries) {
  const auto queues = read_semaphores(process, SIZE_MAX);
  if (!queues) return;
  std::unordered_map<std::uint64_t, std::size_t> by_address;
  for (std::size_t i = 0; i < goroutines.size(); ++i) {
    if (goroutines[i].wait == Wait::object && !told[i]) by_address.emplace(number(goroutines[i].address), i);
  }
  for (const SemaphoreQueue& queue : *queues) {
    for (std::size_t i = 0; i < queue.waiters.size(); ++i) {
      const auto known = by_address.find(number(queue.waiters[i]));
      if (known == by_address.end()) continue;
      entries.push_back({.goroutine = known->second, .object = queue.semaphore, .sudog = queue.sudogs[i]});
      told[known->second] = true;
    }
  }
}

}  // namespace

Result<GoroutineList> list_live_goroutines(const GoProcess& process) {
  const GLayout& layout = process.layout().g;
  GoroutineList list{.structs = PROCTOR_TRY(GoroutineReader{process}.list()), .living = {}};
  const std::vector<RemoteAddress>& addresses = list.structs;
  if (addresses.size() > kMaxGoroutines) {
    return fail(ErrorCode::limit_reached, "more than {} goroutines", kMaxGoroutines);
  }
  const auto reasons = process.layout().wait_reasons;
  const bool tells_semaphores = process.layout().from >= GoVersion{1, 26, 0};
  constexpr std::size_t kBatch = 4096;
  std::vector<std::byte> bytes;
  for (std::size_t from = 0; from < addresses.size(); from += kBatch) {
    const std::size_t count = std::min(kBatch, addresses.size() - from);
    bytes.resize(count * layout.size);
    std::vector<ReadRequest> requests;
    for (std::size_t i = 0; i < count; ++i) {
      requests.push_back({.from = addresses[from + i], .into = std::span{bytes}.subspan(i * layout.size, layout.size)});
    }
    PROCTOR_TRY_VOID(process.memory().read_many(requests));
    for (const ReadRequest& request : requests) {
      const auto g = request.complete ? decode_goroutine(request.into, request.from, layout) : std::nullopt;
      if (!g) continue;
      // One that is left out would not keep alive what it refers to.
      if (g->stack.begin >= g->stack.end) return fail(ErrorCode::torn_read, "goroutine {} has no stack", g->goid);
      LiveGoroutine goroutine{.address = g->address, .goid = g->goid, .stack = g->stack, .token = g->tracking_seq};
      if (g->stack.contains(g->sp)) goroutine.stack.begin = g->sp;
      if (goroutine.stack.size() > kMaxStack) {
        // Stacks have a power of two: any other size is that of one which is moved to another place.
        const bool moves = !std::has_single_bit(g->stack.size());
        return fail(moves ? ErrorCode::torn_read : ErrorCode::limit_reached, "goroutine {} has a stack of {} bytes",
                    g->goid, g->stack.size());
      }
      goroutine.runs = g->status == GStatus::running || g->status == GStatus::copystack;
      if (g->status == GStatus::waiting || g->status == GStatus::leaked) {
        const std::string_view reason = g->wait_reason < reasons.size() ? reasons[g->wait_reason] : "";
        goroutine.wait = wait_of(reason);
        goroutine.waiting = g->waiting;
        goroutine.for_lock = reason == "semacquire" || reason.starts_with("sync.");
        // Until 1.25 a condition is not named, and from 1.26 on only the runtime itself waits for this.
        if (reason == (tells_semaphores ? "semacquire" : "sync.Cond.Wait")) goroutine.wait = Wait::none;
      }
      list.living.push_back(goroutine);
    }
  }
  return list;
}

Result<std::vector<WaitEntry>> read_wait_entries(const GoProcess& process, std::span<LiveGoroutine> goroutines) {
  const SudogLayout& layout = process.layout().sudog;
  struct Link {
    std::size_t goroutine;
    RemoteAddress sudog;
  };
  std::vector<Link> links;
  for (std::size_t i = 0; i < goroutines.size(); ++i) {
    if (goroutines[i].wait != Wait::object) continue;
    if (goroutines[i].waiting != RemoteAddress{}) links.push_back({i, goroutines[i].waiting});
  }
  std::vector<WaitEntry> entries;
  std::vector<bool> told(goroutines.size());
  std::vector<std::byte> bytes;
  for (std::size_t round = 0; !links.empty() && round < kMaxCases; ++round) {
    bytes.resize(links.size() * layout.size);
    std::vector<ReadRequest> requests;
    requests.reserve(links.size());
    for (std::size_t i = 0; i < links.size(); ++i) {
      requests.push_back({.from = links[i].sudog, .into = std::span{bytes}.subspan(i * layout.size, layout.size)});
    }
    PROCTOR_TRY_VOID(process.memory().read_many(requests));
    std::vector<Link> next;
    for (std::size_t i = 0; i < links.size(); ++i) {
      LiveGoroutine& goroutine = goroutines[links[i].goroutine];
      const auto word = [&](std::uint32_t offset) {
        return load<RemoteAddress>(requests[i].into, offset).value_or(RemoteAddress{});
      };
      const RemoteAddress channel = word(layout.c);
      const RemoteAddress object = channel != RemoteAddress{} ? channel : word(layout.elem);
      if (!requests[i].complete || word(layout.g) != goroutine.address || object == RemoteAddress{}) {
        goroutine.wait = Wait::none;  // it has moved
        continue;
      }
      entries.push_back({.goroutine = links[i].goroutine, .object = object, .sudog = links[i].sudog});
      told[links[i].goroutine] = true;
      if (channel != RemoteAddress{} && word(layout.waitlink) != RemoteAddress{}) {
        next.push_back({links[i].goroutine, word(layout.waitlink)});
      }
    }
    links = std::move(next);
  }
  for (const Link& link : links) goroutines[link.goroutine].wait = Wait::none;  // too many cases
  if (process.layout().from < GoVersion{1, 26, 0}) add_semaphore_waits(process, goroutines, told, entries);
  for (std::size_t i = 0; i < goroutines.size(); ++i) {
    if (goroutines[i].wait == Wait::object && !told[i]) goroutines[i].wait = Wait::none;
  }
  return entries;
}

}  // namespace proctor
