#pragma once

#include <cstdint>
#include <vector>

#include "base/address.h"
#include "base/units.h"
#include "collectors/sites/site.h"

namespace proctor {

/// A context of a Go program that can be cancelled, and was not, nor has its deadline passed.
struct ContextSample {
  RemoteAddress context{};
  std::uint32_t site = 0;  // index into ContextSnapshot::sites
};

/// The contexts of one process that something still refers to, as of the last time that its heap was followed.
/// site.reason is "cancel" or "deadline"; site.user is where a goroutine stands that holds the context above them, as
/// far as one does, and site.name says what that is.
struct ContextSnapshot {
  MonotonicTime checked_at{};  // by the look of that time
  std::vector<SiteRef> sites;
  std::vector<ContextSample> contexts;
};

}  // namespace proctor
