#include "collectors/goroutines/goroutine_history.h"

#include <algorithm>
#include <numeric>

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
  std::vector<RawGoroutine::Still> standing;
  std::vector<GoroutineSample> samples;
  std::vector<RemoteAddress> torn;
  std::size_t unmoved = 0;
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
  return GoroutineReader{*process_}.read(addresses, standing_, [&](const CapturedGoroutine& captured) {
    const RawGoroutine& g = captured.goroutine;
    if (captured.torn) {
      round.torn.push_back(g.address);
      return;
    }
    const GoroutineState state = state_of(g.status);
    GoroutineSample sample{.goid = g.goid, .state = state, .wait_token = g.tracking_seq};
    sample.system = starts_in_runtime(g.startpc);
    sample.stack = Bytes{g.stack.size()};
    if (state == GoroutineState::waiting && g.wait_since != 0) {
      sample.waiting_since = MonotonicTime{Nanoseconds{static_cast<std::int64_t>(g.wait_since)}};
    }
    // trackingSeq has eight bits: after 256 moves a goroutine looks unmoved, but its stack tells.
    const auto site = captured.known_at ? std::optional{standing_sites_[*captured.known_at]}
                                        : sites_->site_of(captured, state, last_try);
    if (!site) {
      round.torn.push_back(g.address);
      return;
    }
    sample.site = *site;
    round.unmoved += captured.known_at ? 1 : 0;
    round.standing.push_back(g.still());
    round.samples.push_back(sample);
  });
}

void GoroutineHistory::keep(std::vector<RawGoroutine::Still> standing, std::span<const GoroutineSample> samples) {
  // Those that were torn at first came last.
  std::vector<std::size_t> order(standing.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, {}, [&](std::size_t i) { return standing[i].address; });
  standing_.clear();
  standing_sites_.clear();
  for (const std::size_t i : order) {
    standing_.push_back(standing[i]);
    standing_sites_.push_back(samples[i].site);
  }
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
  keep(std::move(round.standing), snapshot->goroutines);
  last_ = snapshot;
  return last_;
}

}  // namespace proctor
