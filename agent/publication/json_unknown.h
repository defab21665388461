#pragma once

#include "agent/publication/json_fields.h"
#include "collectors/observation/observation.h"

namespace proctor {

/// The parts of a look that are not known, each with its reason: the list "unknown" of a report.
Json unknown_of(const Observation& look);

}  // namespace proctor
