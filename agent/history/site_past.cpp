#include "agent/history/site_past.h"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace proctor {
namespace {

bool before(const SiteMembers& a, const SiteMembers& b) { return std::tie(a.kind, a.site) < std::tie(b.kind, b.site); }

/// What holds after `changes`; both are in order.
std::vector<SiteMembers> applied(const std::vector<SiteMembers>& changes, const std::vector<SiteMembers>& to) {
  std::vector<SiteMembers> after;
  after.reserve(to.size() + changes.size());
  // Of two that are the same site the one of the first range is taken.
  std::ranges::set_union(changes, to, std::back_inserter(after), before);
  return after;
}

bool is_empty(const SiteMembers& site) { return site.members == 0; }

std::vector<SiteMembers> sites_of(std::span<const PopulationView> populations) {
  std::vector<SiteMembers> sites;
  for (const PopulationView& population : populations) {
    for (const SiteView& view : population.sites) {
      const auto members = static_cast<std::uint32_t>(std::min<std::uint64_t>(view.members, UINT32_MAX));
      sites.push_back({.kind = population.kind, .members = members, .site = view.site->id});
    }
  }
  std::erase_if(sites, is_empty);
  std::ranges::sort(sites, before);
  return sites;
}

std::vector<SiteMembers> changes_between(const std::vector<SiteMembers>& earlier, const std::vector<SiteMembers>& now) {
  std::vector<SiteMembers> changes;
  std::ranges::set_difference(earlier, now, std::back_inserter(changes), before);
  for (SiteMembers& gone : changes) gone.members = 0;
  for (const SiteMembers& site : now) {
    const auto known = std::ranges::lower_bound(earlier, site, before);
    if (known == earlier.end() || *known != site) changes.push_back(site);
  }
  std::ranges::sort(changes, before);
  return changes;
}

}  // namespace

std::optional<SitePast::Then> SitePast::then(WallTime at) const {
  if (moments_.empty()) return std::nullopt;
  Then then{.at = moments_.front()->at, .sites = moments_.front()->changes};
  for (const auto& moment : std::span{moments_}.subspan(1)) {
    if (moment->at > at) break;
    then = {.at = moment->at, .sites = applied(moment->changes, then.sites)};
  }
  std::erase_if(then.sites, is_empty);
  return then;
}

std::vector<WallTime> SitePast::moments() const {
  std::vector<WallTime> times;
  times.reserve(moments_.size());
  for (const auto& moment : moments_) times.push_back(moment->at);
  return times;
}

bool SitePast::add(WallTime at, std::span<const PopulationView> populations) {
  std::vector<SiteMembers> now = sites_of(populations);
  if (!moments_.empty() && now == last_) return false;
  Moment moment{.at = at, .changes = changes_between(last_, now)};
  last_ = std::move(now);
  changes_ += moment.changes.size();
  moments_.push_back(std::make_shared<const Moment>(std::move(moment)));
  if (moments_.size() > kMoments || changes_ > kChanges) join_older();
  return true;
}

/// Halves the older half, but keeps the first look as it was.
void SitePast::join_older() {
  const std::size_t older = moments_.size() / 2;
  std::vector<std::shared_ptr<const Moment>> kept{moments_.front()};
  std::size_t at = 1;
  for (; at + 1 < older; at += 2) {
    const Moment& later = *moments_[at + 1];
    kept.push_back(std::make_shared<const Moment>(
        Moment{.at = later.at, .changes = applied(later.changes, moments_[at]->changes)}));
  }
  for (; at < moments_.size(); ++at) kept.push_back(moments_[at]);
  moments_ = std::move(kept);
  changes_ = 0;
  for (const auto& moment : moments_) changes_ += moment->changes.size();
}

}  // namespace proctor
