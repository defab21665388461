#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "agent/ledger/cohorts.h"
#include "agent/ledger/heights.h"
#include "agent/ledger/long_past.h"
#include "agent/ledger/past_heights.h"
#include "agent/ledger/population.h"

namespace proctor {

/// Those that arrived at a site in one period of the window.
struct Cohort {
  MonotonicTime begin{};
  std::uint64_t arrived = 0;
  std::uint64_t alive = 0;  // of them, still there at the last look
};

/// What a site gained and lost within the window.
struct SiteGrowth {
  std::shared_ptr<const Site> site;
  std::uint64_t members = 0;
  std::vector<Cohort> cohorts;       // oldest first; a period without arrivals has none
  std::uint64_t old_departures = 0;  // in the window, of members older than it or than the first look
  /// The last look at which the site had as few members as ever since its growth began. Absent where it does not
  /// grow; after eight windows without a new height, growth begins anew.
  std::optional<MonotonicTime> first_seen_growth;
  std::vector<LongPast::Pair> long_past;  // since then; oldest first
  /// The most members in an eighth of the window, oldest first; of goroutines alone.
  struct Height {
    MonotonicTime end{};
    std::uint64_t most = 0;
  };
  std::vector<Height> heights;
  /// The most that the site has had for half a window at a time, before the window and before all of `long_past`: who
  /// come up to there again are no leak.
  std::optional<std::uint64_t> height_before_window;
  std::optional<std::uint64_t> height_before_past;
  Nanoseconds read_apart{};  // of members that are read by a slower pace than looks come: how far apart, at most
  /// The population, look by look. Since then, before it had a height the site had no members.
  MonotonicTime followed_since{};
  Nanoseconds oldest{};
};

/// The members of one population of one process, who came and who left, and where. The cost of a look is one pass
/// over its census. Keeps 40 bytes for a member, at most four times `max_sites` sites, and no snapshot.
class PopulationLedger {
 public:
  /// `max_sites` are kept apart in a view, `window` is what growth looks back on.
  PopulationLedger(PopulationKind kind, std::uint32_t max_sites, Nanoseconds window);

  /// Takes in what a look at `now` saw. Of members with the same key only the first counts.
  void update(const Census& census, MonotonicTime now);
  /// A look at `now` saw what the look before it saw.
  void age(MonotonicTime now);
  /// Other limits from the next look on. Members and counters stay; another window begins to be filled then.
  void reconfigure(std::uint32_t max_sites, Nanoseconds window);

  PopulationKind kind() const { return kind_; }
  /// Counters never fall. An event counts for its site while that is kept apart, else for kOtherSite.
  PopulationView view(MonotonicTime now) const;
  /// All sites that have members, most first, then kOtherSite for those that are too many to be kept at all.
  std::vector<SiteGrowth> growth(MonotonicTime now) const;

  /// All of it, for a state file; its kind must be the same. Times are those of one boot of the machine.
  template <class Archive>
  void serialize(Archive& archive) {
    archive(max_sites_, window_, period_, looked_, begin_, last_look_, followed_since_, read_at_, last_gap_,
            read_apart_, records_, places_, other_, arrivals_, departures_);
  }

 private:
  struct Record {
    MemberKey key;
    MonotonicTime since;  // in this wait
    SiteId site{};
    std::uint32_t wait_token = 0;
    std::uint32_t born = 0;  // period of its arrival at the site

    template <class Archive>
    void serialize(Archive& archive) {
      archive(key, since, site, wait_token, born);
    }
  };
  static_assert(sizeof(Record) == 40);

  struct Place {
    std::shared_ptr<const Site> site;
    std::uint64_t members = 0;
    std::uint64_t arrivals = 0;
    std::uint64_t departures = 0;
    std::uint64_t arrived_now = 0;  // in the look that is being taken in
    std::uint64_t departed_now = 0;
    std::uint64_t members_to_come = 0;
    std::uint64_t old = 0;  // of the members, those that were here for LongPast::kOldWindows
    std::uint64_t old_departed_now = 0;
    MonotonicTime since = MonotonicTime::max();  // of the member longest in its wait
    Bytes held{};
    MonotonicTime populated_at{};  // the last look at which it had members
    bool apart = false;            // has a line of its own in the view
    bool fresh = true;             // not known before the look that is being taken in
    bool followed = false;         // the figures below have begun
    std::uint64_t fewest = 0;
    MonotonicTime fewest_at{};
    std::uint64_t most = 0;
    MonotonicTime most_at{};
    std::unique_ptr<LongPast> long_past;  // while it grows
    Cohorts cohorts;
    Heights heights;
    std::unique_ptr<PastHeights> past_heights;  // once it has changed by kWorthKeeping members

    template <class Archive>
    void serialize(Archive& archive) {
      archive(site, members, arrivals, departures, old, since, held, populated_at, apart, fresh, followed, fewest,
              fewest_at, most, most_at, long_past, cohorts, heights, past_heights);
    }
  };
  static constexpr std::uint64_t kWorthKeeping = 10;
  class Merge;

  std::uint32_t period_at(MonotonicTime now) const;
  MonotonicTime begin_of(std::uint32_t period) const;
  Place& place_of(SiteId site);
  std::vector<Place*> admit(const Census& census, const std::vector<const Member*>& members, std::uint32_t period);
  std::optional<Ages> ages(MonotonicTime now) const;
  void note_look(MonotonicTime now);
  void note_pace(const Census& census);
  void rank();
  void credit_events();
  void follow_growth(Place& place, MonotonicTime now) const;
  SiteGrowth growth_of(const Place& place, MonotonicTime now) const;

  PopulationKind kind_;
  std::size_t max_sites_;
  Nanoseconds window_;
  Nanoseconds period_;
  bool looked_ = false;
  std::optional<MonotonicTime> begin_;  // of the first period
  MonotonicTime last_look_{};
  MonotonicTime followed_since_{};        // without a gap in which a burst would not have been seen
  std::optional<MonotonicTime> read_at_;  // of what is read by its own pace
  Nanoseconds last_gap_{};
  Nanoseconds read_apart_{};
  std::vector<Record> records_;  // ascending by key
  std::unordered_map<SiteId, Place> places_;
  Place other_;  // of sites that are not in places_; its counters also hold the events of those not apart
  std::uint64_t arrivals_ = 0;
  std::uint64_t departures_ = 0;
};

}  // namespace proctor
