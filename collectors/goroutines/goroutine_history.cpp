#include "collectors/goroutines/goroutine_history.h"

#include <algorithm>

#include "collectors/go/user_code.h"

namespace proctor {
namespace {

GoroutineState state_of(GStatus status) {
  switch (status) {
    case GStatus::runnable: return GoroutineState::runnable;
    case GStatus::running: return GoroutineState::running;
    case GStatus::syscall: return GoroutineState::syscall;
    case GStatus::copystack: return GoroutineState::copying_stack;
    case GStatus::preempted: return GoroutineState::preempted;
    case GStatus::leaked: return GoroutineState::leaked;
    default: return GoroutineState::waiting;
  }
}

}  // namespace

/// What one look gathers.
struct GoroutineHistory::Round {
  std::vector<Standing> standing;
  std::vector<GoroutineSample> samples;
  std::vector<RemoteAddress> torn;
  std::size_t unmoved = 0;
};

/// Finds the last standing of goroutines that are asked for in ascending order, in one pass over both.
class GoroutineHistory::LastStanding {
 public:
  explicit LastStanding(const std::vector<Standing>& standing) : next_(standing.begin()), end_(standing.end()) {}

  /// nullptr for one that is new or has moved.
  const Standing* find(const RawGoroutine& g) {
    while (next_ != end_ && next_->still.address < g.address) ++next_;
    return next_ != end_ && next_->still == g.still() ? &*next_ : nullptr;
  }

 private:
  std::vector<Standing>::const_iterator next_;
  std::vector<Standing>::const_iterator end_;
};

bool GoroutineHistory::starts_in_runtime(RemoteAddress startpc) {
  if (startpc == RemoteAddress{}) return false;  // a callback from C
  const auto [place, is_new] = system_starts_.try_emplace(number(startpc), false);
  if (is_new) {
    const auto function = process_->functions().function_at(startpc);
    const auto name = function ? process_->functions().name_of(*function) : Result<std::string>{std::string{}};
    place->second = name && is_system_goroutine(*name);
  }
  return place->second;
}

Result<void> GoroutineHistory::read(std::span<const RemoteAddress> addresses, bool last_try, Round& round) {
  LastStanding asked{standing_};
  LastStanding visited{standing_};
  const auto wants_stack = [&](const RawGoroutine& g) { return asked.find(g) == nullptr; };
  return GoroutineReader{*process_}.read(addresses, wants_stack, [&](const CapturedGoroutine& captured) {
    const RawGoroutine& g = captured.goroutine;
    if (captured.torn) {
      round.torn.push_back(g.address);
      return;
    }
    const Standing* unmoved = visited.find(g);
    const GoroutineState state = state_of(g.status);
    GoroutineSample sample{.goid = g.goid, .state = state, .wait_token = g.tracking_seq};
    sample.system = starts_in_runtime(g.startpc);
    sample.stack = Bytes{g.stack.size()};
    if (state == GoroutineState::waiting && g.wait_since != 0) {
      sample.waiting_since = MonotonicTime{Nanoseconds{static_cast<std::int64_t>(g.wait_since)}};
    }
    // trackingSeq has eight bits: after 256 moves a goroutine looks unmoved, but its stack tells.
    const auto site = unmoved != nullptr ? std::optional{unmoved->site} : sites_->site_of(captured, state, last_try);
    if (!site) {
      round.torn.push_back(g.address);
      return;
    }
    sample.site = *site;
    round.unmoved += unmoved != nullptr ? 1 : 0;
    round.standing.push_back({g.still(), sample.site});
    round.samples.push_back(sample);
  });
}

Result<std::shared_ptr<const GoroutineSnapshot>> GoroutineHistory::look() {
  if (sites_->is_full()) {
    sites_ = std::make_unique<GoroutineSites>(*process_);
    standing_.clear();
  }
  const GoroutineReader reader{*process_};
  GoroutineCounts counts = PROCTOR_TRY(reader.read_counts());
  // Its parts are read one after the other, so that it may come out a few too low: a counter never falls.
  if (last_ && last_->created_total) counts.created = std::max(counts.created.value_or(0), *last_->created_total);
  auto listed = PROCTOR_TRY(reader.list());
  if (listed != listed_) {
    sorted_ = listed;
    std::ranges::sort(sorted_);
    listed_ = std::move(listed);
  }
  Round round;
  round.standing.reserve(sorted_.size());
  round.samples.reserve(sorted_.size());
  PROCTOR_TRY_VOID(read(sorted_, false, round));
  // What moved while it was read has most likely come to rest by now.
  const std::vector<RemoteAddress> again = std::exchange(round.torn, {});
  PROCTOR_TRY_VOID(read(again, true, round));

  const bool same = last_ && round.torn.empty() && round.unmoved == standing_.size() &&
                    round.samples.size() == standing_.size() && counts.user == last_->user_count &&
                    counts.created == last_->created_total && last_->torn == 0;
  if (same) return last_;
  auto snapshot = std::make_shared<GoroutineSnapshot>();
  snapshot->runtime_version = process_->version();
  snapshot->sites = sites_->sites();
  snapshot->goroutines = std::move(round.samples);
  snapshot->user_count = counts.user;
  snapshot->created_total = counts.created;
  snapshot->torn = round.torn.size();
  std::ranges::sort(round.standing, {}, [](const Standing& standing) { return standing.still.address; });
  standing_ = std::move(round.standing);
  last_ = snapshot;
  return last_;
}

}  // namespace proctor
