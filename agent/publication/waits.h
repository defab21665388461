#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/publication/site_totals.h"
#include "collectors/observation/goroutine_snapshot.h"

namespace proctor {

/// An object that goroutines of one site wait for.
struct WaitObject {
  RemoteAddress address{};
  std::uint64_t members = 0;           // of the site, that wait for it
  const GoChannel* channel = nullptr;  // where it is one that was read
  std::optional<std::int32_t> fd;      // of one in "IO wait"
  std::uint64_t receivers = 0;         // of the whole process, those in a select left out
  std::uint64_t senders = 0;
};

struct SiteWaits {
  std::optional<std::uint64_t> distinct;  // objects that the members wait for; absent where not known of all of them
  std::vector<WaitObject> most_wanted;    // at most three; of a select every channel of its first member
};

/// What the members of a site wait for.
SiteWaits waits_of(const SiteTotals& totals, const GoroutineSnapshot& snapshot);

/// "mutex", "wait group": what the object of a wait reason is; empty for a reason that has none.
std::string kind_of_object(const std::string& reason);

}  // namespace proctor
