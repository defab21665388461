#include "collectors/go/context_deadline.h"

#include <algorithm>
#include <map>
#include <string>
#include <unordered_map>

#include "base/byte_cursor.h"
#include "collectors/go/go_type.h"

namespace proctor {
namespace {

constexpr int kMaxParents = 16;
constexpr std::uint64_t kMonotonicBit = std::uint64_t{1} << 63;
constexpr std::int64_t kSecondsTo1885 = 59453308800;  // from the year 1 to where the packed seconds begin
constexpr std::int64_t kSecondsTo1970 = 62135596800;
constexpr std::int64_t kEarliest = 978307200;  // 2001
constexpr std::int64_t kLatest = 4102444800;   // 2100

struct Pending {
  std::size_t index = 0;  // into the answer
  ContextRef context;
  bool has_deadline = false;  // only its error is wanted (1.20)
};

std::vector<Pending> all_of(std::span<const ContextRef> contexts) {
  std::vector<Pending> pending;
  pending.reserve(contexts.size());
  for (std::size_t i = 0; i < contexts.size(); ++i) pending.push_back({.index = i, .context = contexts[i]});
  return pending;
}

/// Reads what several contexts ask for, once each.
class ContextMemory {
 public:
  ContextMemory(const GoProcess& process, const ContextLayout& layout)
      : process_(process), size_(std::max(layout.timer_size, layout.cancel_size)) {}

  void read(const std::vector<Pending>& pending) {
    std::vector<RemoteAddress> addresses;
    addresses.reserve(pending.size());
    for (const Pending& each : pending) addresses.push_back(each.context.data);
    std::ranges::sort(addresses);
    addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
    std::erase_if(addresses, [&](RemoteAddress address) { return known_.contains(number(address)); });
    std::vector<ReadRequest> requests;
    for (const RemoteAddress address : addresses) {
      auto& bytes = known_[number(address)];
      bytes.resize(size_);
      requests.push_back({.from = address, .into = bytes});
    }
    const auto read = process_.memory().read_many(requests);
    for (const ReadRequest& request : requests) {
      if (!read || !request.complete) known_[number(request.from)].clear();
    }
  }
  std::span<const std::byte> at(RemoteAddress address) const {
    const auto known = known_.find(number(address));
    return known == known_.end() ? std::span<const std::byte>{} : known->second;
  }

 private:
  const GoProcess& process_;
  std::uint64_t size_;
  std::unordered_map<std::uint64_t, std::vector<std::byte>> known_;
};

/// How a context ended, by the type of its error.
class ContextErrors {
 public:
  explicit ContextErrors(const GoProcess& process) : process_(process) {}

  ContextEnd end_of(std::span<const std::byte> cancel_context) {
    const ContextLayout& layout = process_.layout().context;
    const auto word = load<RemoteAddress>(cancel_context, layout.err).value_or(RemoteAddress{});
    if (word == RemoteAddress{}) return ContextEnd::open;
    const auto [place, is_new] = ends_.try_emplace(number(word), ContextEnd::cancelled);
    if (is_new) {
      // Until 1.24 the word is an itab, whose second word is the type; from 1.25 on the type itself.
      const auto type =
          layout.err_is_value ? word : process_.memory().read_value<RemoteAddress>(word + 8).value_or(word);
      if (read_type_name(process_, type).value_or("") == "context.deadlineExceededError") {
        place->second = ContextEnd::expired;
      }
    }
    return place->second;
  }

 private:
  const GoProcess& process_;
  std::unordered_map<std::uint64_t, ContextEnd> ends_;
};

/// What a struct is that begins with the interface value of a parent. One that can be cancelled goes on with a mutex,
/// which nobody holds for long, and the channel that tells when it is done; one with a value, with the type of its key.
class ContextContents {
 public:
  explicit ContextContents(const GoProcess& process) : process_(process) {}

  ContextKind kind_of(std::span<const std::byte> context) {
    constexpr std::uint64_t kAfterParent = 16;
    if (load<std::uint64_t>(context, kAfterParent).value_or(0) != 0) return ContextKind::value;
    const auto done = load<RemoteAddress>(context, kAfterParent + 8).value_or(RemoteAddress{});
    if (done == RemoteAddress{}) return ContextKind::other;
    const auto [place, is_new] = is_done_.try_emplace(number(done), false);
    if (is_new) place->second = read_type_name(process_, done).value_or("") == "chan struct {}";
    return place->second ? ContextKind::cancel : ContextKind::other;
  }

 private:
  const GoProcess& process_;
  std::unordered_map<std::uint64_t, bool> is_done_;  // by the address of a type
};

}  // namespace

std::optional<WallTime> wall_time_of(std::uint64_t wall, std::int64_t ext) {
  const bool monotonic = (wall & kMonotonicBit) != 0;
  const auto nanoseconds = static_cast<std::int64_t>(wall & ((std::uint64_t{1} << 30) - 1));
  const std::int64_t seconds = monotonic ? static_cast<std::int64_t>(wall << 1 >> 31) + kSecondsTo1885 - kSecondsTo1970
                                         : (ext > kSecondsTo1970 ? ext - kSecondsTo1970 : 0);
  if (seconds < kEarliest || seconds > kLatest || nanoseconds >= 1'000'000'000) return std::nullopt;
  return WallTime{
      std::chrono::duration_cast<WallTime::duration>(std::chrono::seconds{seconds} + Nanoseconds{nanoseconds})};
}

std::vector<std::optional<ContextDeadline>> read_deadlines(const GoProcess& process, const ContextTypes& types,
                                                           std::span<const ContextRef> contexts) {
  const ContextLayout& layout = process.layout().context;
  std::vector<std::optional<ContextDeadline>> deadlines(contexts.size());
  std::vector<Pending> pending = all_of(contexts);
  ContextMemory memory{process, layout};
  ContextErrors errors{process};
  for (int level = 0; level < kMaxParents && !pending.empty(); ++level) {
    memory.read(pending);
    std::vector<Pending> next;
    for (const Pending& each : pending) {
      const auto bytes = memory.at(each.context.data);
      if (bytes.empty()) continue;
      if (each.has_deadline) {
        deadlines[each.index]->end = errors.end_of(bytes);
        continue;
      }
      const auto parent_itab = load<RemoteAddress>(bytes, 0).value_or(RemoteAddress{});
      const auto parent_kind = types.kind_of(parent_itab);
      const auto wall = load<std::uint64_t>(bytes, layout.deadline_wall).value_or(0);
      const auto deadline = wall_time_of(wall, load<std::int64_t>(bytes, layout.deadline_ext).value_or(0));
      const bool may_be_timer =
          each.context.kind ? *each.context.kind == ContextKind::timer : parent_kind && (wall & kMonotonicBit) != 0;
      if (may_be_timer && deadline && (parent_kind || layout.timer_has_pointer)) {
        deadlines[each.index] = ContextDeadline{.deadline = *deadline, .end = errors.end_of(bytes)};
        // In 1.20 the first word points to the rest of it, the error included.
        if (layout.timer_has_pointer) {
          next.push_back({.index = each.index, .context = {.data = parent_itab, .kind = {}}, .has_deadline = true});
        }
        continue;
      }
      if (!parent_kind || *parent_kind == ContextKind::background || *parent_kind == ContextKind::without_cancel ||
          *parent_kind == ContextKind::other) {
        continue;
      }
      const auto parent = load<RemoteAddress>(bytes, 8).value_or(RemoteAddress{});
      next.push_back({.index = each.index, .context = {.data = parent, .kind = parent_kind}});
    }
    pending = std::move(next);
  }
  return deadlines;
}

std::vector<std::optional<ContextEnd>> read_ends(const GoProcess& process, const ContextTypes& types,
                                                 std::span<const ContextRef> contexts) {
  const ContextLayout& layout = process.layout().context;
  std::vector<std::optional<ContextEnd>> ends(contexts.size());
  std::vector<Pending> pending = all_of(contexts);
  ContextMemory memory{process, layout};
  ContextErrors errors{process};
  ContextContents contents{process};
  for (int level = 0; level < kMaxParents && !pending.empty(); ++level) {
    memory.read(pending);
    std::vector<Pending> next;
    for (const Pending& each : pending) {
      const auto bytes = memory.at(each.context.data);
      if (bytes.empty()) continue;
      const auto first = load<RemoteAddress>(bytes, 0).value_or(RemoteAddress{});
      const ContextKind kind = each.context.kind ? *each.context.kind : contents.kind_of(bytes);
      if (kind == ContextKind::timer && layout.timer_has_pointer) {
        next.push_back({.index = each.index, .context = {.data = first, .kind = ContextKind::cancel}});
      } else if (kind == ContextKind::cancel || kind == ContextKind::timer) {
        // Words that only happen to stand one after the other look like an interface value: the contents must fit.
        if (!types.kind_of(first) || contents.kind_of(bytes) != ContextKind::cancel) continue;
        // Who cancels a context cancels all below it.
        ends[each.index] = errors.end_of(bytes);
      } else if (kind == ContextKind::value) {
        const auto parent = load<RemoteAddress>(bytes, 8).value_or(RemoteAddress{});
        next.push_back({.index = each.index, .context = {.data = parent, .kind = types.kind_of(first)}});
      }
    }
    pending = std::move(next);
  }
  return ends;
}

}  // namespace proctor
