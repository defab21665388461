#include "agent/history/allocation_history.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace proctor {
namespace {

constexpr std::size_t kKept = 4;  // times what is shown

std::uint64_t rounded(double value) { return static_cast<std::uint64_t>(std::llround(std::max(0.0, value))); }

}  // namespace

std::vector<AllocatingStack> allocating_stacks(const HeapSnapshot& snapshot) {
  std::vector<AllocatingStack> stacks(snapshot.sites.size());
  for (std::size_t i = 0; i < stacks.size(); ++i) stacks[i].site = snapshot.sites[i];
  for (const HeapSample& sample : snapshot.samples) {
    const HeapBucket& bucket = sample.bucket;
    const HeapEstimate all = unsampled(bucket.allocated, bucket.block, snapshot.sampling_rate);
    const HeapEstimate freed = unsampled(bucket.freed, bucket.block, snapshot.sampling_rate);
    AllocatingStack& stack = stacks[sample.site];
    stack.allocated += all.objects;
    stack.freed += freed.objects;
    stack.live += all.bytes - freed.bytes;
  }
  return stacks;
}

std::vector<AllocatingStack> allocating_stacks(const GrowthSnapshot& snapshot) {
  constexpr double kPage = 4096;
  std::vector<AllocatingStack> stacks;
  stacks.reserve(snapshot.places.size());
  for (const GrowthSnapshot::Place& place : snapshot.places) {
    stacks.push_back({.site = place.site,
                      .allocated = place.taken / kPage,
                      .freed = (place.taken - place.held) / kPage,
                      .live = place.held});
  }
  return stacks;
}

void AllocationHistory::take(std::vector<AllocatingStack> stacks) {
  stacks_ = std::move(stacks);
  std::ranges::stable_sort(stacks_, std::ranges::greater{}, &AllocatingStack::live);
}

void AllocationHistory::note(MonotonicTime now) {
  for (std::size_t i = 0; i < std::min(stacks_.size(), kKept * max_sites_); ++i) {
    const AllocatingStack& stack = stacks_[i];
    const auto [past, is_new] = past_.try_emplace(stack.site->id, Past{.live = Series{window_}});
    past->second.live.add(now, stack.live);
    past->second.seen = now;
  }
  std::erase_if(past_, [now](const auto& entry) { return entry.second.seen != now; });
}

std::optional<PopulationView> AllocationHistory::view() const {
  if (!last_) return std::nullopt;
  PopulationView view{.kind = PopulationKind::allocation};
  SiteView other{.site = std::make_shared<const Site>(
                     Site{.id = kOtherSite, .reason = stacks_.empty() ? std::string{} : stacks_.front().site->reason})};
  for (std::size_t i = 0; i < stacks_.size(); ++i) {
    const AllocatingStack& stack = stacks_[i];
    SiteView site{.site = stack.site, .arrivals = rounded(stack.allocated), .departures = rounded(stack.freed)};
    site.members = site.arrivals - std::min(site.arrivals, site.departures);
    site.held = Bytes{rounded(stack.live)};
    view.members += site.members;
    view.arrivals += site.arrivals;
    view.departures += site.departures;
    if (i < max_sites_) {
      view.sites.push_back(site);
      continue;
    }
    other.members += site.members;
    other.arrivals += site.arrivals;
    other.departures += site.departures;
    other.held += site.held;
  }
  if (stacks_.size() > max_sites_) view.sites.push_back(other);
  return view;
}

std::optional<AllocationGrowth> AllocationHistory::growth_of(SiteId site) const {
  const auto past = past_.find(site);
  if (past == past_.end()) return std::nullopt;
  const auto slope = slope_per_second(past->second.live.points());
  if (!slope || *slope <= 0) return std::nullopt;
  const auto stack = std::ranges::find(stacks_, site, [](const AllocatingStack& entry) { return entry.site->id; });
  return AllocationGrowth{.site = stack->site, .per_second = *slope, .live = Bytes{rounded(stack->live)}};
}

std::optional<AllocationGrowth> AllocationHistory::fastest() const {
  std::optional<AllocationGrowth> fastest;
  for (const auto& [site, past] : past_) {
    auto growth = growth_of(site);
    if (growth && (!fastest || growth->per_second > fastest->per_second)) fastest = std::move(growth);
  }
  return fastest;
}

}  // namespace proctor
