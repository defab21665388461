#include "collectors/fds/fd_history.h"

#include <algorithm>
#include <map>
#include <unordered_set>

#include "base/text.h"
#include "collectors/os/proc_limits.h"

namespace proctor {
namespace {

constexpr std::size_t kMaxLinks = 10'000;  // at a look
constexpr std::size_t kMostKept = 250'000;
constexpr std::uint16_t kFirstEphemeralPort = 32768;  // where the kernel takes ports for callers from

using Ports = std::unordered_set<std::uint16_t>;

/// The end of a connection that tells what it is for: the port that the process itself serves, or whom it calls. A port
/// that the kernel chose for one connection tells nothing, and would make a place of each.
std::string end_point(const SocketEntry& socket, const Ports& served, PathClassesOfMany& classes) {
  const auto path_class = [&](const std::string& path) { return classes.class_of(fold_numbers(to_valid_utf8(path))); };
  if (!socket.path.empty()) return path_class(socket.path);
  if (!socket.peer_path.empty()) return "to " + path_class(socket.peer_path);
  const bool local_was_chosen = socket.local_port < kFirstEphemeralPort;
  const auto local = [&] { return fmt::format("local port {}", socket.local_port); };
  if (socket.remote_address.empty()) {
    if (socket.local_port == 0) return "";
    return local_was_chosen || socket.state == "listen" ? local() : "ephemeral port";
  }
  if (served.contains(socket.local_port)) return local();
  if (socket.remote_port < kFirstEphemeralPort) return fmt::format("{}:{}", socket.remote_address, socket.remote_port);
  return local_was_chosen ? local() : socket.remote_address;
}

Site site_of(const SocketEntry& socket, const Ports& served, PathClassesOfMany& classes) {
  Site site{.state = std::string{socket.state}, .reason = std::string{socket.protocol}};
  site.user.file = end_point(socket, served, classes);
  return site;
}

/// The sites of one snapshot, each once.
class SiteList {
 public:
  SiteList(SiteInterner& interner, std::vector<SiteRef>& sites) : interner_(interner), sites_(sites) {}
  std::uint32_t index_of(Site site) {
    SiteRef shared = interner_.intern(std::move(site));
    const auto [place, is_new] = known_.try_emplace(shared->id, static_cast<std::uint32_t>(sites_.size()));
    if (is_new) sites_.push_back(std::move(shared));
    return place->second;
  }

 private:
  SiteInterner& interner_;
  std::vector<SiteRef>& sites_;
  std::map<SiteId, std::uint32_t> known_;
};

bool same(const FdSnapshot& a, const FdSnapshot& b) {
  const auto same_fd = [](const FdSample& x, const FdSample& y) {
    return x.fd == y.fd && x.inode == y.inode && x.kind == y.kind && x.site == y.site;
  };
  const auto same_socket = [](const SocketSample& x, const SocketSample& y) {
    return x.inode == y.inode && x.site == y.site && x.waiting == y.waiting;
  };
  const auto same_site = [](const SiteRef& x, const SiteRef& y) { return x == y; };
  return a.open == b.open && a.limit == b.limit && a.sampled == b.sampled && a.vanished == b.vanished &&
         std::ranges::equal(a.fds, b.fds, same_fd) && std::ranges::equal(a.sockets, b.sockets, same_socket) &&
         std::ranges::equal(a.sites, b.sites, same_site);
}

}  // namespace

/// The descriptors of the list, those that were known as they were. Reads `links` links of new ones at most, and tells
/// how many it did.
Result<std::size_t> FdHistory::take_list(const ProcDir& process, const std::vector<std::int32_t>& fds,
                                         std::size_t links) {
  std::vector<Open> open;
  open.reserve(std::min(fds.size(), kMostKept));
  std::size_t reads = 0;
  auto known = open_.begin();
  for (const std::int32_t fd : fds) {
    if (open.size() == kMostKept) break;
    while (known != open_.end() && known->fd < fd) ++known;
    if (known != open_.end() && known->fd == fd) {
      open.push_back(std::move(*known));
      continue;
    }
    if (reads == links) continue;
    ++reads;
    auto text = process.read_link(fmt::format("fd/{}", fd).c_str());
    if (!text && text.error().code == ErrorCode::permission_denied) return tl::unexpected(text.error());
    if (!text) {
      ++vanished_;
      continue;
    }
    FdLink link = parse_fd_link(*text);
    open.push_back({fd, *std::move(text), std::move(link), true});
  }
  open_ = std::move(open);
  return reads;
}

/// Those that are known may be others by now: goes on where the look before ended.
Result<void> FdHistory::read_again(const ProcDir& process, std::size_t links) {
  const auto begin = static_cast<std::size_t>(std::ranges::lower_bound(open_, next_, {}, &Open::fd) - open_.begin());
  std::vector<std::int32_t> gone;
  for (std::size_t i = 0; i < open_.size(); ++i) {
    Open& open = open_[(begin + i) % open_.size()];
    if (open.current) continue;
    next_ = open.fd;
    if (links == 0) break;
    --links;
    auto text = process.read_link(fmt::format("fd/{}", open.fd).c_str());
    if (!text && text.error().code == ErrorCode::permission_denied) return tl::unexpected(text.error());
    open.current = true;
    if (!text) {
      gone.push_back(open.fd);
    } else if (open.text != *text) {
      open.link = parse_fd_link(*text);
      open.text = *std::move(text);
    }
  }
  vanished_ += gone.size();
  std::ranges::sort(gone);
  std::erase_if(open_, [&](const Open& open) { return std::ranges::binary_search(gone, open.fd); });
  return {};
}

Result<void> FdHistory::read_links(const ProcDir& process, bool may_have_changed) {
  const std::vector<std::int32_t> fds = PROCTOR_TRY(process.list_numbers("fd"));
  vanished_ = 0;
  if (may_have_changed) {
    for (Open& open : open_) open.current = false;
  }
  const auto reads = take_list(process, fds, kMaxLinks);
  auto again = reads ? read_again(process, kMaxLinks - *reads) : Result<void>{tl::unexpected(reads.error())};
  if (!again) {
    // Half of them may have been taken over.
    open_.clear();
    settled_ = false;
    return again;
  }
  count_ = fds.size() - vanished_;
  settled_ = std::ranges::all_of(open_, &Open::current) && (open_.size() == count_ || open_.size() == kMostKept);
  return {};
}

std::unordered_set<std::uint16_t> FdHistory::served_ports(const SocketTable& table) const {
  Ports ports;
  for (const Open& open : open_) {
    if (open.link.kind != FdKind::socket) continue;
    const auto entry = table.find(open.link.inode);
    if (entry != table.end() && entry->second.state == "listen") ports.insert(entry->second.local_port);
  }
  return ports;
}

/// How many paths the descriptors have, of files and of sockets, as far as it matters.
std::size_t FdHistory::count_paths(const SocketTable* table) const {
  std::unordered_set<std::string_view> paths;
  for (const Open& open : open_) {
    if (paths.size() > PathClasses::kMostNames) break;
    if (open.link.kind != FdKind::socket) {
      paths.insert(open.link.path_class);
      continue;
    }
    if (table == nullptr) continue;
    const auto entry = table->find(open.link.inode);
    if (entry != table->end()) paths.insert(entry->second.path.empty() ? entry->second.peer_path : entry->second.path);
  }
  return paths.size();
}

std::shared_ptr<const FdSnapshot> FdHistory::assemble(const ProcDir& process, const SocketTable* table,
                                                      SiteInterner& interner) {
  auto snapshot = std::make_shared<FdSnapshot>();
  snapshot->open = count_;
  snapshot->sampled = count_ > open_.size();
  snapshot->vanished = vanished_;
  if (const auto limits = read_proc_limits(process)) snapshot->limit = limits->open_files;
  SiteList sites{interner, snapshot->sites};
  const Ports served = table != nullptr ? served_ports(*table) : Ports{};
  if (!classes_.are_many()) classes_.expect(count_paths(table));
  std::unordered_set<Inode> seen;  // a socket may have several descriptors
  std::map<std::pair<FdKind, std::string_view>, std::uint32_t> places;
  for (const Open& open : open_) {
    const bool is_socket = open.link.kind == FdKind::socket && table != nullptr;
    if (!is_socket) {
      const auto [place, is_new] = places.try_emplace({open.link.kind, open.link.path_class});
      if (is_new) {
        place->second = sites.index_of({.reason = std::string{to_string(open.link.kind)},
                                        .user = {.file = classes_.class_of(open.link.path_class)}});
      }
      snapshot->fds.push_back({open.fd, open.link.inode, open.link.kind, place->second});
      continue;
    }
    const auto entry = table->find(open.link.inode);
    // In no table of its namespace: not connected, or of a family that has none.
    const SocketEntry known = entry != table->end() ? entry->second : SocketEntry{.protocol = "none", .state = "none"};
    const std::uint32_t index = sites.index_of(site_of(known, served, classes_));
    if (seen.insert(open.link.inode).second) {
      snapshot->sockets.push_back(
          {open.link.inode, std::string{known.protocol}, std::string{known.state}, index, known.waiting});
    }
    Site site = *snapshot->sites[index];
    site.reason = known.protocol == "none" ? "socket" : "socket " + site.reason;
    snapshot->fds.push_back({open.fd, open.link.inode, open.link.kind, sites.index_of(std::move(site))});
  }
  return snapshot;
}

bool FdHistory::knows_all_sockets() const {
  if (!last_) return false;
  std::unordered_set<Inode> known;
  for (const SocketSample& socket : last_->sockets) known.insert(socket.inode);
  return std::ranges::all_of(
      open_, [&](const Open& open) { return open.link.kind != FdKind::socket || known.contains(open.link.inode); });
}

bool FdHistory::sockets_unchanged(const SocketTable& table) const {
  return std::ranges::all_of(last_->sockets, [&](const SocketSample& socket) {
    const auto entry = table.find(socket.inode);
    if (entry == table.end()) return socket.state == "none";
    return entry->second.state == socket.state && entry->second.waiting == socket.waiting;
  });
}

Result<std::shared_ptr<const FdSnapshot>> FdHistory::look(const ProcDir& process, bool may_have_changed,
                                                          SocketCache& sockets, SiteInterner& interner) {
  may_have_changed = may_have_changed || !last_ || last_->vanished != 0;
  const bool reads = may_have_changed || !settled_;
  if (reads) PROCTOR_TRY_VOID(read_links(process, may_have_changed));
  const bool has_sockets =
      std::ranges::any_of(open_, [](const Open& open) { return open.link.kind == FdKind::socket; });
  std::shared_ptr<const SocketTable> table;
  if (has_sockets) {
    if (auto read = sockets.table_of(process, knows_all_sockets())) table = *std::move(read);
  }
  const bool same_sockets = !has_sockets || (table && !reads && sockets_unchanged(*table));
  if (!reads && same_sockets) return last_;
  auto snapshot = assemble(process, table.get(), interner);
  if (!last_ || !same(*last_, *snapshot)) last_ = std::move(snapshot);
  return last_;
}

}  // namespace proctor
