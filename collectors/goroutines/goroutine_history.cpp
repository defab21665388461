#include "collectors/goroutines/goroutine_history.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <unordered_map>

#include "collectors/go/semaphores.h"
#include "collectors/go/user_code.h"
#include "collectors/goroutines/label_table.h"

namespace proctor {
namespace {

constexpr std::uint64_t kCodeReach = std::uint64_t{1} << 31;  // of an address that an instruction holds
constexpr std::size_t kMaxLockStacks = 2000;

/// Who does has let go of the lock that its own code has taken, and takes it again before it returns.
bool waits_for_condition(const GoroutineStack& stack) {
  return std::ranges::any_of(stack.calls, [](const auto& calls) {
    return std::ranges::any_of(*calls, [](const GoFrame& call) { return call.frame.function == "sync.(*Cond).Wait"; });
  });
}

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

/// What one look gathers: a sample for each that stands, in the same order.
struct GoroutineHistory::Round {
  std::vector<RawGoroutine::Still> standing;
  std::vector<GoroutineSample> samples;
  LabelTable labels;
  std::vector<RemoteAddress> torn;
  std::vector<std::size_t> to_read;  // samples whose context is to be read
  std::vector<std::size_t> polling;  // samples whose descriptor is to be read, and where
  std::vector<PollWait> polls;
  WallTime now{};
  std::size_t unmoved = 0;

  /// Ascending by address: those that were torn at first came last.
  void sort();
};

void GoroutineHistory::Round::sort() {
  std::vector<std::size_t> order(standing.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, {}, [&](std::size_t i) { return standing[i].address; });
  const auto in_order = [&](auto& items) {
    std::remove_reference_t<decltype(items)> sorted;
    sorted.reserve(items.size());
    for (const std::size_t i : order) sorted.push_back(items[i]);
    items = std::move(sorted);
  };
  in_order(standing);
  in_order(samples);
  std::vector<std::size_t> place(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) place[order[i]] = i;
  for (std::size_t& index : to_read) index = place[index];
  for (std::size_t& index : polling) index = place[index];
}

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

GoroutineSample GoroutineHistory::describe(const CapturedGoroutine& captured, const GoroutineSites::Place& place,
                                           Round& round) {
  const RawGoroutine& g = captured.goroutine;
  GoroutineSample sample{.goid = g.goid, .parent_goid = g.parent_goid, .site = place.site, .stack_index = place.stack};
  sample.labels = round.labels.index_at(*process_, g.labels);
  sample.state = state_of(g.status);
  sample.locked_to_thread = g.locked_to_thread;
  sample.system = starts_in_runtime(g.startpc);
  sample.wait_token = g.tracking_seq;
  sample.object = captured.object;
  sample.stack = Bytes{g.stack.size()};
  return sample;
}

Result<void> GoroutineHistory::read(std::span<const RemoteAddress> addresses, bool last_try, Round& round) {
  return GoroutineReader{*process_}.read(addresses, standing_, [&](const CapturedGoroutine& captured) {
    const RawGoroutine& g = captured.goroutine;
    if (captured.torn) {
      round.torn.push_back(g.address);
      return;
    }
    GoroutineSample sample;
    if (captured.known_at) {
      sample = last_->goroutines[*captured.known_at];
      if (sample.context_deadline && sample.context_end == ContextEnd::open && *sample.context_deadline < round.now) {
        round.to_read.push_back(round.samples.size());
      }
      if (sample.labels != 0) sample.labels = round.labels.index_of(last_->labels[sample.labels]);
      ++round.unmoved;
    } else if (const auto place = sites_->place_of(captured, state_of(g.status), last_try)) {
      sample = describe(captured, *place, round);
      if (sites_->sites()[place->site]->reason == "IO wait") {
        if (const auto wait = polls_->find(captured, place->stack)) {
          round.polling.push_back(round.samples.size());
          round.polls.push_back(*wait);
        }
      }
      const auto context =
          sample.system ? std::nullopt : contexts_->find(captured, place->stack, *sites_->stacks()[place->stack]);
      if (context) {
        sample.context = context->data;
        sample.context_kind = context->kind;
        round.to_read.push_back(round.samples.size());
      }
    } else {
      // trackingSeq has eight bits: after 256 moves a goroutine looks unmoved, but its stack tells.
      round.torn.push_back(g.address);
      return;
    }
    const bool waits = sample.state == GoroutineState::waiting || sample.state == GoroutineState::syscall;
    sample.waiting_since.reset();
    if (waits && g.wait_since != 0) {
      sample.waiting_since = MonotonicTime{Nanoseconds{static_cast<std::int64_t>(g.wait_since)}};
    }
    round.standing.push_back(g.still());
    round.samples.push_back(sample);
  });
}

void GoroutineHistory::describe_waits(const std::vector<RawGoroutine::Still>& standing,
                                      GoroutineSnapshot& snapshot) const {
  std::vector<bool> described(snapshot.sites.size());
  std::vector<RemoteAddress> wanted;
  for (std::size_t i = 0; i < standing.size() && wanted.size() < kMaxChannels; ++i) {
    const GoroutineSample& goroutine = snapshot.goroutines[i];
    if (described[goroutine.site]) continue;
    described[goroutine.site] = true;
    const std::string& reason = snapshot.sites[goroutine.site]->reason;
    if (reason.starts_with("chan ") && goroutine.object != RemoteAddress{}) wanted.push_back(goroutine.object);
    if (!reason.starts_with("select")) continue;
    if (auto channels = read_select(*process_, standing[i].address); channels && !channels->empty()) {
      wanted.insert(wanted.end(), channels->begin(), channels->end());
      snapshot.selects.emplace(goroutine.site, *std::move(channels));
    }
  }
  std::ranges::sort(wanted);
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  for (const RemoteAddress address : wanted) {
    if (auto channel = read_channel(*process_, address)) snapshot.channels.push_back(*std::move(channel));
  }
}

void GoroutineHistory::describe_locks(const std::vector<RawGoroutine::Still>& standing,
                                      GoroutineSnapshot& snapshot) const {
  const auto waits_for_lock = [&](const GoroutineSample& goroutine) {
    const std::string& reason = snapshot.sites[goroutine.site]->reason;
    return reason == "semacquire" || reason.starts_with("sync.Mutex") || reason.starts_with("sync.RWMutex") ||
           reason.starts_with("sync.WaitGroup");
  };
  if (std::ranges::none_of(snapshot.goroutines, waits_for_lock)) return;
  // From 1.26 on each goroutine says itself what it waits for; the table then tells only who is next.
  const bool told_by_each = process_->layout().from >= GoVersion{1, 26, 0};
  const auto queues = read_semaphores(*process_, told_by_each ? kShownWaiters : SIZE_MAX);
  if (!queues) return;
  for (const SemaphoreQueue& queue : *queues) {
    GoLockQueue told{.semaphore = queue.semaphore, .waiters = {}, .holders = {}};
    for (const RemoteAddress g : queue.waiters) {
      const auto known = std::ranges::lower_bound(standing, g, {}, &RawGoroutine::Still::address);
      if (known == standing.end() || known->address != g) continue;
      const auto index = static_cast<std::uint32_t>(known - standing.begin());
      // The table was read after the goroutines: one that has moved on since is not in this wait any more.
      if (!waits_for_lock(snapshot.goroutines[index])) continue;
      snapshot.goroutines[index].object = queue.semaphore;
      told.waiters.push_back(index);
    }
    if (!told.waiters.empty()) snapshot.lock_queues.push_back(std::move(told));
  }
}

void GoroutineHistory::find_holders(GoroutineSnapshot& snapshot) const {
  std::unordered_map<std::uint64_t, std::vector<std::size_t>> queues;  // by address of the lock
  for (std::size_t i = 0; i < snapshot.lock_queues.size(); ++i) {
    const GoLockQueue& queue = snapshot.lock_queues[i];
    if (number(queue.semaphore) - number(process_->module().text) > kCodeReach) continue;
    const GoroutineSample& waiter = snapshot.goroutines[queue.waiters.front()];
    if (const auto lock = lock_of(queue.semaphore, *snapshot.stacks[waiter.stack_index])) {
      queues[number(*lock)].push_back(i);
    }
  }
  if (queues.empty()) return;
  struct Held {
    std::size_t queue = 0;
    std::uint32_t call = 0;
  };
  std::unordered_map<std::uint32_t, std::vector<Held>> by_stack;
  for (std::uint32_t i = 0; i < snapshot.goroutines.size(); ++i) {
    const GoroutineSample& goroutine = snapshot.goroutines[i];
    // One that runs may have been done with it long ago, or come to it.
    if (goroutine.state != GoroutineState::waiting && goroutine.state != GoroutineState::syscall) continue;
    if (by_stack.size() >= kMaxLockStacks && !by_stack.contains(goroutine.stack_index)) continue;
    const auto [place, is_new] = by_stack.try_emplace(goroutine.stack_index);
    if (is_new && !waits_for_condition(*snapshot.stacks[goroutine.stack_index])) {
      const auto& calls_of_stack = snapshot.stacks[goroutine.stack_index]->calls;
      for (std::uint32_t call = 0; call < calls_of_stack.size(); ++call) {
        const auto& calls = calls_of_stack[call];
        if (calls->empty()) continue;
        for (const RemoteAddress lock : lock_code_->held_at(calls->front().entry, calls->front().pc)) {
          const auto found = queues.find(number(lock));
          if (found == queues.end()) continue;
          for (const std::size_t queue : found->second) {
            place->second.push_back({.queue = queue, .call = call});
          }
        }
      }
    }
    for (const Held& held : place->second) {
      snapshot.lock_queues[held.queue].holders.push_back({.goroutine = i, .call = held.call});
    }
  }
}

void GoroutineHistory::find_locking(GoroutineSnapshot& snapshot) const {
  if (snapshot.lock_queues.empty()) return;
  std::vector<std::optional<HeldSides>> by_stack(snapshot.stacks.size());
  std::size_t looked_at = 0;
  for (std::uint32_t i = 0; i < snapshot.goroutines.size(); ++i) {
    const GoroutineSample& goroutine = snapshot.goroutines[i];
    // One that runs may have been done with it long ago, or come to it.
    if (goroutine.state != GoroutineState::waiting && goroutine.state != GoroutineState::syscall) continue;
    std::optional<HeldSides>& held = by_stack[goroutine.stack_index];
    if (!held && looked_at++ < kMaxLockStacks) held = sides_of(*snapshot.stacks[goroutine.stack_index]);
    if (held && (held->whole || held->reading)) snapshot.locking.push_back({.goroutine = i, .held = *held});
  }
}

HeldSides GoroutineHistory::sides_of(const GoroutineStack& stack) const {
  HeldSides held;
  if (waits_for_condition(stack)) return held;
  for (const auto& calls : stack.calls) {
    if (calls->empty() || only_locks(calls->back())) continue;
    const HeldSides here = lock_code_->sides_at(calls->front().entry, calls->front().pc);
    held.whole = held.whole || here.whole;
    held.reading = held.reading || here.reading;
  }
  return held;
}

void GoroutineHistory::read_descriptors(Round& round) const {
  const auto descriptors = polls_->read(round.polls);
  for (std::size_t i = 0; i < descriptors.size(); ++i) {
    if (!descriptors[i]) continue;
    GoroutineSample& sample = round.samples[round.polling[i]];
    sample.fd = descriptors[i];
    sample.object = round.polls[i].descriptor;
  }
}

void GoroutineHistory::read_contexts(Round& round) const {
  std::vector<ContextRef> contexts;
  for (const std::size_t index : round.to_read) {
    contexts.push_back({.data = round.samples[index].context, .kind = round.samples[index].context_kind});
  }
  const auto deadlines = read_deadlines(*process_, contexts_->types(), contexts);
  for (std::size_t i = 0; i < deadlines.size(); ++i) {
    if (!deadlines[i]) continue;
    GoroutineSample& sample = round.samples[round.to_read[i]];
    sample.context_deadline = deadlines[i]->deadline;
    sample.context_end = deadlines[i]->end;
  }
}

Result<std::shared_ptr<const GoroutineSnapshot>> GoroutineHistory::look(WallTime now) {
  if (sites_->is_full()) {
    sites_ = std::make_unique<GoroutineSites>(*process_, *user_code_);
    contexts_->forget();
    polls_->forget();
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
  round.now = now;
  round.standing.reserve(sorted_.size());
  round.samples.reserve(sorted_.size());
  PROCTOR_TRY_VOID(read(sorted_, false, round));
  // What moved while it was read has most likely come to rest by now.
  const std::vector<RemoteAddress> again = std::exchange(round.torn, {});
  PROCTOR_TRY_VOID(read(again, true, round));
  if (!again.empty()) round.sort();

  read_contexts(round);
  read_descriptors(round);
  auto cancelled = cancelled_->look(*process_, contexts_->types(), round.samples, now);
  const bool same = last_ && cancelled == last_->cancelled && round.to_read.empty() && round.torn.empty() &&
                    round.unmoved == standing_.size() && round.samples.size() == standing_.size() &&
                    counts.user == last_->user_count && counts.created == last_->created_total && last_->torn == 0;
  if (same) return last_;
  auto snapshot = std::make_shared<GoroutineSnapshot>();
  snapshot->runtime_version = process_->version();
  snapshot->traces_show_labels = process_->traces_show_labels();
  snapshot->sites = sites_->sites();
  snapshot->stacks = sites_->stacks();
  snapshot->labels = round.labels.all();
  snapshot->goroutines = std::move(round.samples);
  snapshot->cancelled = std::move(cancelled);
  describe_waits(round.standing, *snapshot);
  describe_locks(round.standing, *snapshot);
  find_holders(*snapshot);
  find_locking(*snapshot);
  own_locks_->find(round.standing, *snapshot);
  snapshot->user_count = counts.user;
  snapshot->created_total = counts.created;
  snapshot->torn = round.torn.size();
  standing_ = std::move(round.standing);
  last_ = snapshot;
  return last_;
}

}  // namespace proctor
