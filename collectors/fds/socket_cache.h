#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/clock.h"
#include "collectors/os/socket_table.h"

namespace proctor {

/// The socket tables of network namespaces, each read once for all the processes in it that are looked at together.
class SocketCache {
 public:
  explicit SocketCache(const Clock& clock) : clock_(clock) {}

  /// The sockets of the namespace of a process, at most half a second old; where only the states of sockets that are
  /// known may have changed, as old as a hundred times what it took to read them, up to five seconds: the kernel walks
  /// tables of half a million buckets for it. Errors: permission_denied, target_gone.
  Result<std::shared_ptr<const SocketTable>> table_of(const ProcDir& process, bool only_states);

 private:
  struct Entry {
    std::shared_ptr<const SocketTable> table;
    MonotonicTime read_at{};
    Nanoseconds cost{};
  };
  const Clock& clock_;
  std::map<std::string, Entry> tables_;  // by the text of the link ns/net
};

}  // namespace proctor
