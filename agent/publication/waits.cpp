#include "agent/publication/waits.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>

namespace proctor {
namespace {

constexpr std::size_t kShown = 3;

void count_waiters(const GoroutineSnapshot& snapshot, std::vector<WaitObject>& objects) {
  if (objects.empty()) return;
  for (const GoroutineSample& goroutine : snapshot.goroutines) {
    const auto object = std::ranges::find(objects, goroutine.object, &WaitObject::address);
    if (object == objects.end()) continue;
    object->fd = goroutine.fd;
    const std::string& reason = snapshot.sites[goroutine.site]->reason;
    if (reason.starts_with("chan receive")) ++object->receivers;
    if (reason.starts_with("chan send")) ++object->senders;
  }
}

}  // namespace

std::string kind_of_object(const std::string& reason) {
  if (reason.starts_with("chan ") || reason.starts_with("select")) return "channel";
  if (reason == "sync.Mutex.Lock") return "mutex";
  if (reason.starts_with("sync.RWMutex.")) return "rwmutex";
  if (reason.starts_with("sync.WaitGroup.Wait")) return "waitgroup";
  if (reason == "sync.Cond.Wait") return "cond";
  if (reason == "semacquire") return "semaphore";
  if (reason == "IO wait") return "descriptor";
  return {};
}

SiteWaits waits_of(const SiteTotals& totals, const GoroutineSnapshot& snapshot) {
  std::unordered_map<std::uint64_t, std::uint64_t> members;
  for (const RemoteAddress object : totals.objects) ++members[number(object)];
  SiteWaits waits;
  if (!members.empty()) waits.distinct = members.size();
  const auto object_at = [&](RemoteAddress address, std::uint64_t count) {
    const auto channel = std::ranges::lower_bound(snapshot.channels, address, {}, &GoChannel::address);
    const bool is_channel = channel != snapshot.channels.end() && channel->address == address;
    return WaitObject{.address = address, .members = count, .channel = is_channel ? &*channel : nullptr};
  };
  if (const auto select = snapshot.selects.find(totals.index); select != snapshot.selects.end()) {
    for (const RemoteAddress address : select->second) waits.most_wanted.push_back(object_at(address, 1));
  } else {
    for (const auto& [address, count] : members) waits.most_wanted.push_back(object_at(RemoteAddress{address}, count));
    // Of those with as many members, one that is known comes first.
    const auto rank = [](const WaitObject& object) {
      return std::tuple{object.members, object.channel != nullptr, number(object.address)};
    };
    const auto shown =
        waits.most_wanted.begin() + static_cast<std::ptrdiff_t>(std::min(kShown, waits.most_wanted.size()));
    std::ranges::partial_sort(waits.most_wanted, shown, std::ranges::greater{}, rank);
    waits.most_wanted.erase(shown, waits.most_wanted.end());
  }
  count_waiters(snapshot, waits.most_wanted);
  return waits;
}

}  // namespace proctor
