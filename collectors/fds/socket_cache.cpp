#include "collectors/fds/socket_cache.h"

namespace proctor {
namespace {

constexpr auto kMaxAge = std::chrono::milliseconds{500};

}  // namespace

Result<std::shared_ptr<const SocketTable>> SocketCache::table_of(const ProcDir& process) {
  const std::string name = PROCTOR_TRY(process.read_link("ns/net"));
  const MonotonicTime now = clock_.monotonic();
  std::erase_if(tables_, [now](const auto& entry) { return now - entry.second.read_at > kMaxAge; });
  if (const auto known = tables_.find(name); known != tables_.end()) return known->second.table;
  auto table = std::make_shared<const SocketTable>(PROCTOR_TRY(read_socket_table(process)));
  tables_.insert_or_assign(name, Entry{table, now});
  return table;
}

}  // namespace proctor
