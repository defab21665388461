#include "collectors/goroutines/live_contexts.h"

#include <algorithm>
#include <array>

#include "base/byte_cursor.h"
#include "collectors/go/context_deadline.h"

namespace proctor {
namespace {

constexpr std::uint32_t kWord = 8;
constexpr std::size_t kMostContexts = 1'000'000;
constexpr int kMaxParents = 16;

}  // namespace

void LiveContexts::note_holder(std::uint64_t goid, std::span<const std::byte> words) {
  for (std::size_t at = 0; at + kWord + kWord <= words.size(); at += kWord) {
    const auto kind = types_.kind_of(load<RemoteAddress>(words, at).value_or(RemoteAddress{}));
    if (kind != ContextKind::cancel && kind != ContextKind::timer) continue;
    holders_.try_emplace(load<std::uint64_t>(words, at + kWord).value_or(0), goid);
  }
}

/// Whether this is a context.cancelCtx that nobody has cancelled. What begins with a context may be another struct.
bool LiveContexts::is_open_context(std::span<const std::byte> bytes) const {
  const ContextLayout& layout = process_.layout().context;
  const auto word = [&](std::uint32_t offset) { return load<RemoteAddress>(bytes, offset).value_or(RemoteAddress{}); };
  const RemoteAddress children = word(layout.children);
  const RemoteAddress done_type =
      word(layout.children - 2 * kWord);  // an atomic.Value: a channel, once one was asked for
  const RemoteAddress done = word(layout.children - kWord);
  const bool has_done = process_.module().types.contains(done_type) && is_in_heap(done);
  return types_.kind_of(word(0)) && word(layout.err) == RemoteAddress{} &&
         (children == RemoteAddress{} || is_in_heap(children)) &&
         (has_done || (done_type == RemoteAddress{} && done == RemoteAddress{}));
}

/// What follows a context.cancelCtx in a larger struct may also be the function of context.AfterFunc.
bool LiveContexts::has_deadline(std::span<const std::byte> bytes) const {
  const ContextLayout& layout = process_.layout().context;
  const auto wall = load<std::uint64_t>(bytes, layout.deadline_wall);
  const auto ext = load<std::int64_t>(bytes, layout.deadline_ext);
  return wall && ext && wall_time_of(*wall, *ext);
}

std::uint64_t LiveContexts::size_of(RemoteAddress object) const {
  const std::uint32_t index = spans_.span_at(number(object));
  return index == HeapSpans::kNone ? 0 : spans_.spans()[index].element_size;
}

std::vector<LiveContext> LiveContexts::among(std::vector<RemoteAddress> objects) const {
  const ContextLayout& layout = process_.layout().context;
  const std::uint32_t size = layout.cancel_size;
  std::erase_if(objects, [&](RemoteAddress object) { return size_of(object) < size; });
  objects.resize(std::min(objects.size(), kMostContexts));
  std::ranges::sort(objects);
  const std::uint32_t most = std::max(size, layout.timer_size);
  std::vector<std::byte> bytes(objects.size() * most);
  std::vector<ReadRequest> requests;
  requests.reserve(objects.size());
  for (std::size_t i = 0; i < objects.size(); ++i) {
    const std::uint32_t wanted = size_of(objects[i]) >= layout.timer_size ? most : size;
    requests.push_back({.from = objects[i], .into = std::span{bytes}.subspan(i * most, wanted)});
  }
  std::vector<LiveContext> live;
  if (!process_.memory().read_many(requests)) return live;
  for (const ReadRequest& request : requests) {
    if (!request.complete || !is_open_context(request.into)) continue;
    const auto parent = load<std::array<RemoteAddress, 2>>(request.into, 0).value_or(std::array<RemoteAddress, 2>{});
    LiveContext context{.context = request.from, .parent = cancellable_above(parent[0], parent[1])};
    const auto holder = holders_.find(number(context.parent));
    if (context.parent != RemoteAddress{} && holder != holders_.end()) context.holder = holder->second;
    context.has_deadline = !layout.timer_has_pointer && has_deadline(request.into);
    live.push_back(context);
  }
  return live;
}

/// The nearest context that can be cancelled, from one of this type and address upwards.
RemoteAddress LiveContexts::cancellable_above(RemoteAddress itab, RemoteAddress data) const {
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

}  // namespace proctor
