#pragma once

#include <string_view>

#include "base/result.h"
#include "collectors/observation/observation.h"

namespace proctor {

/// A part of a look that a profile is made of. Errors: that of the part; not_supported where there is none.
template <typename Snapshot>
Result<const Snapshot*> read_part(const Part<Snapshot>& part, std::string_view what) {
  if (!part) return fail(ErrorCode::not_supported, "this process has no {}, or they are not collected", what);
  if (!*part) return tl::unexpected(part->error());
  return part->value().get();
}

/// That of the profile "block" or "mutex". Errors likewise; the reason for an empty one is how a program samples.
Result<const ContentionSnapshot*> contention_part(const Observation& look, std::string_view name);

}  // namespace proctor
