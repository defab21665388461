#pragma once

#include <cstddef>
#include <unordered_map>

#include "collectors/sites/site.h"

namespace proctor {

/// Keeps each site once, however many processes have it and however often it is met. Holds none that nobody uses.
class SiteInterner {
 public:
  /// Identifies `site` and gives the one object for it.
  SiteRef intern(Site site);

 private:
  std::unordered_map<SiteId, std::weak_ptr<const Site>> sites_;
  std::size_t sweep_at_ = 1024;
};

}  // namespace proctor
