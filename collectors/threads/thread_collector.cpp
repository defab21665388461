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
    // The threads of Go's own scheduler have no stacks of interest, nor tables for them: its goroutines have.
    const bool with_stacks =
        target.rule().thread_stacks != ThreadStacks::none && target.description().runtime != Runtime::go;
    const auto [history, is_new] = histories_.try_emplace(target.identity(), sites_, with_stacks ? &stacks_ : nullptr);
    observation.threads = history->second.look(target.process());
  }
  void forget(const TargetIdentity& target) override { histories_.erase(target); }

 private:
  SiteInterner sites_;
  BlockedStacks stacks_;
  std::unordered_map<TargetIdentity, ThreadHistory> histories_;
};

}  // namespace

std::unique_ptr<Collector> make_thread_collector() { return std::make_unique<ThreadCollector>(); }

}  // namespace proctor
