#include "collectors/fds/fd_collector.h"

#include <unordered_map>

#include "collectors/fds/fd_history.h"
#include "collectors/observation/activity.h"

namespace proctor {
namespace {

class FdCollector final : public Collector {
 public:
  explicit FdCollector(const Clock& clock) : sockets_(clock) {}

  std::string_view name() const override { return "fds"; }
  bool applies_to(const TargetDescription&) const override { return true; }
  void observe(const Target& target, Observation& observation) override {
    Watched& watched = processes_[target.identity()];
    const bool still = nothing_ran(observation.threads, watched.threads);
    watched.threads = shared_snapshot(observation.threads);
    observation.fds = watched.history.look(target.process(), !still, sockets_, sites_);
  }
  void forget(const TargetIdentity& target) override { processes_.erase(target); }

 private:
  struct Watched {
    FdHistory history;
    std::shared_ptr<const ThreadSnapshot> threads;
  };
  SocketCache sockets_;
  SiteInterner sites_;
  std::unordered_map<TargetIdentity, Watched> processes_;
};

}  // namespace

std::unique_ptr<Collector> make_fd_collector(const Clock& clock) { return std::make_unique<FdCollector>(clock); }

}  // namespace proctor
