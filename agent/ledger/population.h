#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "collectors/sites/site.h"

namespace proctor {

enum class PopulationKind : std::uint8_t { goroutine, thread, fd, socket, mapping, child, timer, context, allocation };

std::string_view to_string(PopulationKind kind);

/// What tells a member from every other of its kind in its process, for as long as it lives.
struct MemberKey {
  std::uint64_t first = 0;
  std::uint64_t second = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(first, second);
  }
  friend auto operator<=>(const MemberKey&, const MemberKey&) = default;
};

/// One member at one look.
struct Member {
  MemberKey key;
  std::uint32_t site = 0;              // index into Census::sites
  std::uint64_t wait_token = 0;        // another value: it moved since, so its age in this wait begins anew
  std::optional<MonotonicTime> since;  // known to be in this wait since then, from the target itself
  Bytes held{};
};

/// All members of one kind at one look.
struct Census {
  PopulationKind kind{};
  std::vector<SiteRef> sites;
  std::vector<Member> members;
  /// Where the members are read by a slower pace than looks come: when they were. Who arrived since may have come at
  /// any time since then.
  std::optional<MonotonicTime> read_at;
};

/// A site as the ledger knows it after a look.
struct SiteView {
  std::shared_ptr<const Site> site;
  std::uint64_t members = 0;
  std::uint64_t arrivals = 0;  // since the first look; the members of the first look are not arrivals
  std::uint64_t departures = 0;
  Nanoseconds oldest{};  // the longest that one has been in this wait
  Bytes held{};
};

/// The bounds between ages, in seconds, by which members are counted.
inline constexpr auto kAgeBounds = std::to_array<std::int64_t>({1, 10, 60, 600, 3600, 21'600, 86'400});
/// How many members have been in their present wait for less than each bound, but not less than the one before; the
/// last are those above all bounds.
using Ages = std::array<std::uint64_t, kAgeBounds.size() + 1>;

/// A population after a look. Sites: most members first, at most the limit, then the one with id kOtherSite.
struct PopulationView {
  PopulationKind kind{};
  std::uint64_t members = 0;
  std::uint64_t arrivals = 0;
  std::uint64_t departures = 0;
  std::optional<Ages> ages;  // absent where the time of each is not known, or there are too many to count at each look
  std::vector<SiteView> sites;
};

}  // namespace proctor
