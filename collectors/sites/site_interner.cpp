#include "collectors/sites/site_interner.h"

#include <algorithm>

namespace proctor {

SiteRef SiteInterner::intern(Site site) {
  identify(site);
  std::weak_ptr<const Site>& place = sites_[site.id];
  if (SiteRef known = place.lock()) return known;
  // Not make_shared: its one block would be held by the weak reference here.
  SiteRef made{new Site(std::move(site))};
  place = made;
  if (sites_.size() > sweep_at_) {
    std::erase_if(sites_, [](const auto& entry) { return entry.second.expired(); });
    sweep_at_ = std::max<std::size_t>(1024, 2 * sites_.size());
  }
  return made;
}

}  // namespace proctor
