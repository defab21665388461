#include "collectors/threads/thread_collector.h"

#include <unordered_map>

#include "collectors/threads/thread_history.h"

namespace proctor {
namespace {

class ThreadCollector final : public Collector {
 public:
  std::string_view name() const override { return "threads"; }
  bool applies_to(const TargetDescription&) const override { return true; }
  void observe(const Target& target, Observation& observation) override {
    observation.threads = histories_.try_emplace(target.identity(), sites_).first->second.look(target.process());
  }
  void forget(const TargetIdentity& target) override { histories_.erase(target); }

 private:
  SiteInterner sites_;
  std::unordered_map<TargetIdentity, ThreadHistory> histories_;
};

}  // namespace

std::unique_ptr<Collector> make_thread_collector() { return std::make_unique<ThreadCollector>(); }

}  // namespace proctor
