#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "collectors/fds/fd_link.h"
#include "collectors/fds/socket_cache.h"
#include "collectors/observation/fd_snapshot.h"
#include "collectors/os/proc_root.h"
#include "collectors/sites/path_classes.h"
#include "collectors/sites/site_interner.h"

namespace proctor {

/// The descriptors of one process over many looks. A look reads 10,000 links at most, of descriptors that are new
/// before those that are known: of more than these the first looks tell of a sample, and a number that was closed and
/// opened again in between is seen as another one some looks later.
class FdHistory {
 public:
  /// The descriptors now. `may_have_changed`: whether the process can have opened or closed any since the last look;
  /// the states of its sockets change without it. The same object as before where nothing has changed.
  /// Errors: permission_denied, target_gone.
  Result<std::shared_ptr<const FdSnapshot>> look(const ProcDir& process, bool may_have_changed, SocketCache& sockets,
                                                 SiteInterner& interner);

 private:
  struct Open {
    std::int32_t fd = 0;
    std::string text;  // of its link
    FdLink link;
    bool current = false;  // read since the process can have changed it
  };
  Result<void> read_links(const ProcDir& process, bool may_have_changed);
  Result<std::size_t> take_list(const ProcDir& process, const std::vector<std::int32_t>& fds, std::size_t links);
  Result<void> read_again(const ProcDir& process, std::size_t links);
  bool sockets_unchanged(const SocketTable& table) const;
  /// Whether the last snapshot had all sockets that are open now.
  bool knows_all_sockets() const;
  /// The ports on which the process itself listens.
  std::unordered_set<std::uint16_t> served_ports(const SocketTable& table) const;
  std::size_t count_paths(const SocketTable* table) const;
  std::shared_ptr<const FdSnapshot> assemble(const ProcDir& process, const SocketTable* table, SiteInterner& interner);

  PathClassesOfMany classes_;
  std::vector<Open> open_;  // by number
  std::int32_t next_ = 0;   // of the descriptors that are known, to be read again
  bool settled_ = false;    // all of them were read since the process can have changed any
  std::uint64_t count_ = 0;
  std::uint64_t vanished_ = 0;
  std::shared_ptr<const FdSnapshot> last_;
};

}  // namespace proctor
