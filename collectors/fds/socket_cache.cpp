#include "collectors/fds/socket_cache.h"

#include <algorithm>

namespace proctor {
namespace {

constexpr Nanoseconds kMaxAge = std::chrono::milliseconds{500};
constexpr Nanoseconds kMaxAgeOfStates = std::chrono::seconds{5};
constexpr int kAgePerCost = 100;

}  // namespace

Result<std::shared_ptr<const SocketTable>> SocketCache::table_of(const ProcDir& process, bool only_states) {
  const std::string name = PROCTOR_TRY(process.read_link("ns/net"));
  const MonotonicTime now = clock_.monotonic();
  std::erase_if(tables_, [now](const auto& entry) { return now - entry.second.read_at > kMaxAgeOfStates; });
  if (const auto known = tables_.find(name); known != tables_.end()) {
    const Entry& entry = known->second;
    const Nanoseconds age = only_states ? std::clamp(kAgePerCost * entry.cost, kMaxAge, kMaxAgeOfStates) : kMaxAge;
    if (now - entry.read_at <= age) return entry.table;
  }
  auto table = std::make_shared<const SocketTable>(PROCTOR_TRY(read_socket_table(process)));
  tables_.insert_or_assign(name, Entry{table, now, clock_.monotonic() - now});
  return table;
}

}  // namespace proctor
