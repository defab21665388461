#include "agent/publication/publication.h"

#include <cmath>

namespace proctor {

void DurationHistogram::observe(double value) {
  if (!std::isfinite(value) || value < 0) return;  // a clock that went back measured nothing
  for (std::size_t i = 0; i < kBounds.size(); ++i) {
    if (value <= kBounds[i]) ++cumulative[i];
  }
  ++count;
  sum += value;
}

}  // namespace proctor
