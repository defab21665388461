#include "collectors/memory/growth_history.h"

#include <algorithm>
#include <utility>

namespace proctor {
namespace {

constexpr auto kRetry = std::chrono::minutes{1};
constexpr std::uint64_t kPage = 4096;

}  // namespace

std::optional<std::size_t> GrowthHistory::place_of(const std::shared_ptr<const NamedStack>& stack) {
  Site site{.reason = "page_fault"};
  if (stack) {
    site.user = stack->user;
    site.frames = stack->frames;
    site.truncated = to_string(stack->end);
  }
  identify(site);
  const auto known = known_places_.find(site.id);
  if (known != known_places_.end()) return known->second;
  if (places_.size() >= kMostPlaces) return std::nullopt;
  places_.push_back({.site = sites_->intern(std::move(site))});
  known_places_.emplace(places_.back().site->id, places_.size() - 1);
  return places_.size() - 1;
}

Result<bool> GrowthHistory::take_in(const ProcDir& process, const PageMap& page_map, std::vector<PageFault> faults) {
  std::ranges::sort(faults, {}, &PageFault::address);
  std::vector<RemoteAddress> addresses;
  for (PageFault& fault : faults) {
    fault.address = RemoteAddress{number(fault.address) & ~(kPage - 1)};
    addresses.push_back(fault.address);
  }
  // What is no longer there need not be named, nor what a file backs.
  const std::vector<bool> held = PROCTOR_TRY(page_map.holds_anonymous(addresses));
  std::vector<ThreadCopy> copies;
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < faults.size(); ++i) {
    if (!held[i]) continue;
    kept.push_back(i);
    copies.push_back(std::move(faults[i].thread));
  }
  if (copies.empty()) return false;
  const auto stacks = PROCTOR_TRY(name_(process, copies));
  for (std::size_t i = 0; i < kept.size(); ++i) {
    const PageFault& fault = faults[kept[i]];
    const auto place = place_of(stacks[i]);
    if (!place) continue;
    const double bytes = fault.faults * static_cast<double>(count(page_map.page_size_at(fault.address)));
    const auto [page, is_new] = pages_.try_emplace(fault.address);
    // It was given back and taken again in between.
    if (!is_new) places_[page->second.place].held -= page->second.bytes;
    page->second = {.place = *place, .bytes = bytes};
    places_[*place].taken += bytes;
    places_[*place].held += bytes;
  }
  return true;
}

Result<bool> GrowthHistory::leave_out(const PageMap& page_map) {
  std::vector<RemoteAddress> addresses;
  addresses.reserve(pages_.size());
  for (const auto& [address, page] : pages_) addresses.push_back(address);
  const std::vector<bool> held = PROCTOR_TRY(page_map.holds_anonymous(addresses));
  std::size_t index = 0;
  return std::erase_if(pages_, [&](const auto& entry) {
           if (held[index++]) return false;
           places_[entry.second.place].held -= entry.second.bytes;
           return true;
         }) != 0;
}

void GrowthHistory::thin_out() {
  // Every other page, whoever took it, then stands for two.
  while (pages_.size() > kMostPages) {
    for (GrowthSnapshot::Place& place : places_) place.held = 0;
    for (auto page = pages_.begin(); page != pages_.end(); ++page) {
      page->second.bytes *= 2;
      places_[page->second.place].held += page->second.bytes;
      if (const auto next = std::next(page); next != pages_.end()) pages_.erase(next);
    }
  }
}

Result<std::shared_ptr<const GrowthSnapshot>> GrowthHistory::look(const ProcDir& process, MonotonicTime now) {
  if (!sampler_ || (!*sampler_ && now - attached_at_ >= kRetry)) {
    sampler_ = FaultSampler::attach(process);
    attached_at_ = now;
  }
  if (!*sampler_) return tl::unexpected(sampler_->error());
  const PageMap page_map = PROCTOR_TRY(PageMap::open(process));
  const bool left = PROCTOR_TRY(leave_out(page_map));
  auto faults = (*sampler_)->take(process);
  if (!faults) {
    sampler_ = tl::unexpected(faults.error());
    return tl::unexpected(std::move(faults).error());
  }
  const bool came = PROCTOR_TRY(take_in(process, page_map, *std::move(faults)));
  if (last_ && !left && !came) return last_;
  thin_out();
  last_ = std::make_shared<const GrowthSnapshot>(GrowthSnapshot{.places = places_});
  return last_;
}

}  // namespace proctor
