#include "collectors/goroutines/timer_history.h"

#include <fmt/format.h>

#include <utility>

#include "collectors/go/user_code.h"

namespace proctor {
namespace {

constexpr std::size_t kMostNames = 10'000;
constexpr std::size_t kMostPaces = 1'000;

/// What the runtime's function does for the program.
std::string reason_of(std::string_view function, bool periodic) {
  if (function == "time.sendTime") return periodic ? "ticker" : "channel";
  if (function == "runtime.goroutineReady") return "sleep";
  if (function.starts_with("runtime.netpoll")) return "deadline";
  return "call";
}

}  // namespace

const std::string& TimerHistory::name_of(RemoteAddress function) {
  if (names_.size() > kMostNames) names_.clear();
  const auto [place, is_new] = names_.try_emplace(number(function));
  if (is_new) {
    const auto known = process_->functions().function_at(function);
    if (known) place->second = process_->functions().name_of(*known).value_or(std::string{});
  }
  return place->second;
}

std::uint32_t TimerHistory::site_of(const GoTimer& timer) {
  const std::string& function = name_of(timer.function);
  Site site{.reason = reason_of(function, timer.period > Nanoseconds{0})};
  // A program may tick at any number of paces.
  if (site.reason == "ticker" && sites_.size() < kMostPaces)
    site.name = fmt::format("every {:.6g} s", seconds(timer.period));
  if (site.reason == "call") {
    const RemoteAddress called = function == "time.goFunc" ? timer.called : timer.function;
    if (auto frame = process_->functions().statement_at(called)) site.user = std::move(frame->frame);
    if (site.user.function.starts_with("context.")) site.reason = "context";
    if (const auto* module = module_of(process_->dependencies(), site.user.function)) {
      site.module = fmt::format("{}@{}", module->path, module->version);
    }
  }
  identify(site);
  const auto [place, is_new] = known_sites_.try_emplace(site.id, static_cast<std::uint32_t>(sites_.size()));
  if (is_new) sites_.push_back(std::make_shared<const Site>(std::move(site)));
  return place->second;
}

Result<std::shared_ptr<const TimerSnapshot>> TimerHistory::look() {
  const std::vector<TimerEntry> entries = PROCTOR_TRY(list_timers(*process_));
  std::unordered_map<std::uint64_t, Known> now;
  now.reserve(entries.size());
  std::vector<TimerEntry> unknown;
  for (const TimerEntry& entry : entries) {
    const auto before = known_.find(number(entry.timer));
    // Before 1.23 the list does not tell when: each is read.
    if (before != known_.end() && before->second.when == entry.when && entry.when != 0) {
      now.insert(*before);
    } else {
      unknown.push_back(entry);
    }
  }
  std::vector<RemoteAddress> addresses;
  addresses.reserve(unknown.size());
  for (const TimerEntry& entry : unknown) addresses.push_back(entry.timer);
  const std::vector<GoTimer> timers = PROCTOR_TRY(read_timers(*process_, addresses));
  for (std::size_t i = 0; i < unknown.size(); ++i) {
    Known known{.when = unknown[i].when, .dead = timers[i].dead};
    if (!known.dead) known.site = site_of(timers[i]);
    now[number(unknown[i].timer)] = known;
  }
  known_ = std::move(now);
  auto snapshot = std::make_shared<TimerSnapshot>();
  snapshot->sites = sites_;
  for (const auto& [timer, known] : known_) {
    if (!known.dead) snapshot->timers.push_back({.timer = RemoteAddress{timer}, .site = known.site});
  }
  return snapshot;
}

}  // namespace proctor
