#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "agent/ledger/population.h"
#include "base/units.h"
#include "collectors/sites/site.h"

namespace proctor {

/// How many members a site had.
struct SiteMembers {
  PopulationKind kind{};
  std::uint32_t members = 0;
  SiteId site{};
  friend bool operator==(const SiteMembers&, const SiteMembers&) = default;
};

/// How many members the sites of one process had at past moments, for people who ask what is new since then. A moment
/// is kept where a number changed; the older ones are joined, so that the whole past stays, coarser the older it is. A
/// copy shares what it holds with the original.
class SitePast {
 public:
  static constexpr std::size_t kMoments = 256;
  static constexpr std::size_t kChanges = 4'000;

  /// Whether anything is kept anew: false where every site has as many members as before.
  bool add(WallTime at, std::span<const PopulationView> populations);
  /// Oldest first.
  std::vector<WallTime> moments() const;
  /// The members at the last moment that is not after `at`, else at the first. Nothing before the first look.
  struct Then {
    WallTime at{};
    std::vector<SiteMembers> sites;  // by kind and id; those without members are left out
  };
  std::optional<Then> then(WallTime at) const;

 private:
  struct Moment {
    WallTime at{};
    std::vector<SiteMembers> changes;  // since the moment before, by kind and id
  };
  void join_older();

  std::vector<std::shared_ptr<const Moment>> moments_;
  std::vector<SiteMembers> last_;  // at the last of them
  std::size_t changes_ = 0;        // of all moments
};

}  // namespace proctor
