#include "collectors/go/semaphores.h"

#include <optional>

#include "base/byte_cursor.h"

namespace proctor {
namespace {

constexpr std::size_t kBuckets = 251;
constexpr std::size_t kStride = 64;  // of the table: a cache line (amd64)
constexpr std::size_t kMostWaiters = 100'000;

struct Waiter {
  RemoteAddress g{}, semaphore{}, left{}, right{}, next{};
};

std::optional<Waiter> read_waiter(const GoProcess& process, RemoteAddress address) {
  const SudogLayout& layout = process.layout().sudog;
  std::vector<std::byte> bytes(layout.size);
  if (!process.memory().read(address, bytes)) return std::nullopt;
  const auto pointer = [&](std::uint32_t offset) {
    return load<RemoteAddress>(bytes, offset).value_or(RemoteAddress{});
  };
  return Waiter{.g = pointer(layout.g),
                .semaphore = pointer(layout.elem),
                .left = pointer(layout.prev),
                .right = pointer(layout.next),
                .next = pointer(layout.waitlink)};
}

}  // namespace

Result<std::vector<SemaphoreQueue>> read_semaphores(const GoProcess& process, std::size_t most) {
  const RemoteAddress table = process.globals().semtable;
  if (table == RemoteAddress{})
    return fail(ErrorCode::no_go_symbols, "the table of semaphores is not found in this binary");
  std::vector<std::byte> buckets(kBuckets * kStride);
  PROCTOR_TRY_VOID(process.memory().read(table, buckets));
  std::vector<RemoteAddress> nodes;  // of the trees, one for each semaphore
  for (std::size_t i = 0; i < kBuckets; ++i) {
    const auto root =
        load<RemoteAddress>(buckets, i * kStride + process.layout().semaphore_treap).value_or(RemoteAddress{});
    if (root != RemoteAddress{}) nodes.push_back(root);
  }
  std::vector<SemaphoreQueue> queues;
  std::size_t seen = 0;
  while (!nodes.empty()) {
    const RemoteAddress address = nodes.back();
    nodes.pop_back();
    const auto node = read_waiter(process, address);
    if (!node) continue;
    for (const RemoteAddress child : {node->left, node->right}) {
      if (child != RemoteAddress{}) nodes.push_back(child);
    }
    SemaphoreQueue queue{.semaphore = node->semaphore, .waiters = {node->g}, .sudogs = {address}};
    for (RemoteAddress at = node->next; at != RemoteAddress{} && queue.waiters.size() < most; ++seen) {
      if (seen >= kMostWaiters) return fail(ErrorCode::limit_reached, "more than {} wait for locks", kMostWaiters);
      const auto waiter = read_waiter(process, at);
      if (!waiter || waiter->semaphore != queue.semaphore) break;
      queue.waiters.push_back(waiter->g);
      queue.sudogs.push_back(at);
      at = waiter->next;
    }
    queues.push_back(std::move(queue));
    if (++seen >= kMostWaiters) return fail(ErrorCode::limit_reached, "more than {} wait for locks", kMostWaiters);
  }
  return queues;
}

}  // namespace proctor
