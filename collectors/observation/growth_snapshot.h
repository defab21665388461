#pragma once

#include <vector>

#include "base/units.h"
#include "collectors/sites/site.h"

namespace proctor {

/// Memory of no file that a process has taken since it is followed, by the stack that touched it first. Estimated from
/// a sample of its page faults.
struct GrowthSnapshot {
  struct Place {
    SiteRef site;      // site.reason is "page_fault"
    double taken = 0;  // bytes, ever
    double held = 0;   // of them, still
  };
  std::vector<Place> places;
};

}  // namespace proctor
