#include "collectors/goroutines/goroutine_collector.h"

#include <chrono>
#include <optional>
#include <unordered_map>
#include <vector>

#include "collectors/goroutines/contention_history.h"
#include "collectors/goroutines/goroutine_history.h"
#include "collectors/goroutines/heap_history.h"
#include "collectors/goroutines/timer_history.h"
#include "collectors/observation/activity.h"

namespace proctor {
namespace {

class GoroutineCollector final : public Collector {
 public:
  explicit GoroutineCollector(ReachabilityChecks checks) : checks_(checks) {}

  std::string_view name() const override { return "goroutines"; }
  bool applies_to(const TargetDescription& target) const override { return target.runtime == Runtime::go; }
  void observe(const Target& target, Observation& observation) override;
  void forget(const TargetIdentity& target) override { processes_.erase(target); }

 private:
  /// What reads the parts beside the goroutines; it refers to their process.
  struct Readers {
    Readers(const GoProcess& process, const UserCode& user_code, const CycleClock& cycles)
        : heap(process, user_code),
          timers(process),
          blocking(process, BucketKind::block, cycles),
          contended(process, BucketKind::mutex, cycles) {}
    HeapHistory heap;
    TimerHistory timers;
    ContentionHistory blocking;
    ContentionHistory contended;
  };
  struct Parts {
    Part<GoRuntimeFigures> figures;
    Part<HeapSnapshot> heap;
    Part<TimerSnapshot> timers;
    Part<ContentionSnapshot> blocking;
    Part<ContentionSnapshot> contended;
  };
  struct Watched {
    std::optional<GoroutineHistory> history;
    std::optional<Readers> readers;
    std::optional<ReachabilityWatch> reachability;
    std::optional<Error> refused;  // by what the binary is: asked again only after an exec
    std::string build_id;
    std::vector<std::string> wrappers;              // of the rule
    std::shared_ptr<const ThreadSnapshot> threads;  // of the last look
    Parts parts;                                    // likewise
  };
  static void publish(const Parts& parts, Observation& observation);
  Result<std::shared_ptr<const GoroutineSnapshot>> look(const Target& target, WallTime now, Watched& watched);
  void check_reachability(const Target& target, Observation& observation, Watched& watched) const;

  ReachabilityChecks checks_;
  CycleClock cycles_;
  std::unordered_map<TargetIdentity, Watched> processes_;
};

Result<std::shared_ptr<const GoRuntimeFigures>> figures(const GoProcess& process) {
  return std::make_shared<const GoRuntimeFigures>(PROCTOR_TRY(read_runtime_figures(process)));
}

bool is_final(ErrorCode code) {
  return code == ErrorCode::no_go_symbols || code == ErrorCode::unsupported_go_version ||
         code == ErrorCode::not_supported || code == ErrorCode::malformed;
}

void GoroutineCollector::observe(const Target& target, Observation& observation) {
  if (observation.target.zombie) return;
  Watched& watched = processes_[target.identity()];
  // A reload may have changed what is seen through.
  if (watched.wrappers != target.rule().wrappers) watched = Watched{.wrappers = target.rule().wrappers};
  if (watched.history && watched.history->last() && nothing_ran(observation.threads, watched.threads)) {
    observation.goroutines = watched.history->last();
    publish(watched.parts, observation);
    check_reachability(target, observation, watched);
    return;
  }
  watched.threads = shared_snapshot(observation.threads);
  observation.goroutines = look(target, observation.taken_at, watched);
  watched.parts = {};
  if (watched.history) {
    const GoProcess& process = watched.history->process();
    if (!watched.readers) watched.readers.emplace(process, watched.history->user_code(), cycles_);
    Parts& parts = watched.parts;
    parts.figures = figures(process);
    parts.timers = watched.readers->timers.look();
    parts.blocking = watched.readers->blocking.look();
    parts.contended = watched.readers->contended.look();
    // Where it is not known how often the process collected, the counts are read each time.
    const auto known = shared_snapshot(parts.figures);
    parts.heap = watched.readers->heap.look(known != nullptr ? known->gc_cycles : 0);
  }
  publish(watched.parts, observation);
  check_reachability(target, observation, watched);
}

void GoroutineCollector::publish(const Parts& parts, Observation& observation) {
  observation.go_runtime = parts.figures;
  observation.heap = parts.heap;
  observation.timers = parts.timers;
  observation.blocking = parts.blocking;
  observation.contended = parts.contended;
}

void GoroutineCollector::check_reachability(const Target& target, Observation& observation, Watched& watched) const {
  if (!watched.history || !shared_snapshot(observation.goroutines)) return;
  constexpr auto kStagger = std::chrono::milliseconds{500};
  if (!watched.reachability) {
    watched.reachability.emplace(checks_, kStagger * static_cast<std::int64_t>(processes_.size() - 1));
  }
  watched.reachability->update(watched.history->process(), target.process(), shared_snapshot(observation.goroutines),
                               observation.taken_at, observation.sampled_at, processes_.size());
  observation.unreachable = watched.reachability->unreachable();
  observation.contexts = watched.reachability->contexts();
}

Result<std::shared_ptr<const GoroutineSnapshot>> GoroutineCollector::look(const Target& target, WallTime now,
                                                                          Watched& watched) {
  if (watched.build_id != target.description().build_id) {
    watched = Watched{.wrappers = watched.wrappers, .threads = watched.threads};
  }
  watched.build_id = target.description().build_id;
  if (watched.refused) return tl::unexpected(*watched.refused);
  if (!watched.history) {
    auto process = GoProcess::attach(target.process());
    if (!process) {
      if (is_final(process.error().code)) watched.refused = process.error();
      return tl::unexpected(process.error());
    }
    watched.readers.reset();
    watched.history.emplace(*std::move(process), UserCode{watched.wrappers});
  }
  auto snapshot = watched.history->look(now);
  // After an error nothing of what was kept is sure: the next look attaches anew.
  if (!snapshot) {
    watched.readers.reset();
    watched.history.reset();
  }
  return snapshot;
}

}  // namespace

std::unique_ptr<Collector> make_goroutine_collector(ReachabilityChecks checks) {
  return std::make_unique<GoroutineCollector>(checks);
}

}  // namespace proctor
