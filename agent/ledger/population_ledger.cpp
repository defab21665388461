#include "agent/ledger/population_ledger.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

namespace proctor {
namespace {

constexpr std::size_t kKeptPerShown = 4;
constexpr int kQuietWindows = 8;
constexpr std::size_t kMostAged = 100'000;  // as each is counted at each look, also where nothing has changed

/// The members of `census` in the order of their keys, each key once.
std::vector<const Member*> in_order(const Census& census) {
  std::vector<const Member*> members;
  members.reserve(census.members.size());
  for (const Member& member : census.members) {
    if (member.site < census.sites.size()) members.push_back(&member);
  }
  const auto before = [](const Member* a, const Member* b) { return a->key < b->key; };
  if (!std::is_sorted(members.begin(), members.end(), before)) {
    std::stable_sort(members.begin(), members.end(), before);
  }
  const auto same = [](const Member* a, const Member* b) { return a->key == b->key; };
  members.erase(std::unique(members.begin(), members.end(), same), members.end());
  return members;
}

/// A token of any width in 32 bits: it is only compared with the token of the look before.
std::uint32_t short_token(std::uint64_t token) { return static_cast<std::uint32_t>(token ^ (token >> 32)); }

Nanoseconds period_of(Nanoseconds window) {
  return std::max<Nanoseconds>(window / Cohorts::kWholePeriods, Nanoseconds{1});
}

Nanoseconds age_at(MonotonicTime now, MonotonicTime since) {
  return since < now ? Nanoseconds{now - since} : Nanoseconds{0};
}

}  // namespace

/// Both lists in the order of their keys, side by side: who is only in the old one has left.
class PopulationLedger::Merge {
 public:
  Merge(PopulationLedger& ledger, MonotonicTime now, bool first)
      : ledger_(ledger), now_(now), period_(ledger.period_at(now)), first_(first) {}

  std::vector<Record> run(const Census& census, const std::vector<const Member*>& members,
                          const std::vector<Place*>& places) {
    std::vector<Record> records;
    records.reserve(members.size());
    auto old = ledger_.records_.cbegin();
    const auto old_end = ledger_.records_.cend();
    for (const Member* const member : members) {
      for (; old != old_end && old->key < member->key; ++old) leave(*old);
      const Record* const before = old != old_end && old->key == member->key ? &*old++ : nullptr;
      Place& place = *places[member->site];
      records.push_back(take_in(*member, before, census.sites[member->site]->id, place));
      ++place.members;
      if (is_old(records.back())) ++place.old;
      place.held += member->held;
      place.since = std::min(place.since, records.back().since);
    }
    for (; old != old_end; ++old) leave(*old);
    return records;
  }

 private:
  bool is_old(const Record& record) const {
    return period_ - record.born > LongPast::kOldWindows * Cohorts::kWholePeriods;
  }

  void leave(const Record& record) {
    ++ledger_.departures_;
    depart(record);
  }

  Record take_in(const Member& member, const Record* before, SiteId site, Place& place) {
    Record record{.key = member.key,
                  .since = member.since.value_or(now_),
                  .site = site,
                  .wait_token = short_token(member.wait_token)};
    if (before == nullptr) {
      if (first_) return record;
      ++ledger_.arrivals_;
      record.born = arrive(place);
      return record;
    }
    if (before->site != site) {
      depart(*before);
      record.born = arrive(place);
      return record;
    }
    record.born = before->born;
    // What the target says may be late: it cannot have begun to wait after we saw it wait.
    if (before->wait_token == record.wait_token) record.since = std::min(record.since, before->since);
    if (place.fresh) place.cohorts.adopt(ledger_.other_.cohorts, record.born, period_);
    return record;
  }

  std::uint32_t arrive(Place& place) {
    ++place.arrived_now;
    place.cohorts.arrive(period_);
    return period_;
  }

  void depart(const Record& record) {
    // Until this look the members of a fresh place were counted in the other one.
    Place& known = ledger_.place_of(record.site);
    Place& place = known.fresh ? ledger_.other_ : known;
    ++place.departed_now;
    if (is_old(record)) ++place.old_departed_now;
    place.cohorts.depart(record.born, period_);
  }

  PopulationLedger& ledger_;
  MonotonicTime now_;
  std::uint32_t period_;
  bool first_;
};

PopulationLedger::PopulationLedger(PopulationKind kind, std::uint32_t max_sites, Nanoseconds window)
    : kind_(kind), max_sites_(std::max<std::size_t>(max_sites, 1)), window_(window), period_(period_of(window)) {
  other_.site = std::make_shared<const Site>();
  other_.fresh = false;
}

void PopulationLedger::update(const Census& census, MonotonicTime now) {
  const bool first = !std::exchange(looked_, true);
  note_look(now);
  note_pace(census);

  const std::vector<const Member*> members = in_order(census);
  const std::vector<Place*> places = admit(census, members, period_at(now));
  const auto reset = [](Place& place) {
    place.members = place.old = place.old_departed_now = 0;
    place.held = Bytes{0};
    place.since = MonotonicTime::max();
  };
  for (auto& [id, place] : places_) reset(place);
  reset(other_);

  records_ = Merge{*this, now, first}.run(census, members, places);
  for (auto& [id, place] : places_) follow_growth(place, now);
  follow_growth(other_, now);
  rank();
  credit_events();
}

void PopulationLedger::reconfigure(std::uint32_t max_sites, Nanoseconds window) {
  max_sites_ = std::max<std::size_t>(max_sites, 1);
  if (window == window_) return;
  window_ = window;
  period_ = period_of(window);
  begin_.reset();
  for (Record& record : records_) record.born = 0;
  const auto start_over = [](Place& place) {
    place.cohorts = Cohorts{};
    place.heights = Heights{};
    place.past_heights.reset();
    place.long_past.reset();
    place.followed = false;
    place.fewest = place.members;
  };
  for (auto& [id, place] : places_) start_over(place);
  start_over(other_);
}

void PopulationLedger::age(MonotonicTime now) {
  note_look(now);
  for (auto& [id, place] : places_) follow_growth(place, now);
  follow_growth(other_, now);
}

std::uint32_t PopulationLedger::period_at(MonotonicTime now) const {
  if (!begin_) return 1;
  const auto periods = age_at(now, *begin_) / period_;
  return static_cast<std::uint32_t>(
      std::min<std::int64_t>(periods, std::numeric_limits<std::uint32_t>::max() - Cohorts::kPeriods) + 1);
}

MonotonicTime PopulationLedger::begin_of(std::uint32_t period) const { return *begin_ + (period - 1) * period_; }

PopulationLedger::Place& PopulationLedger::place_of(SiteId site) {
  const auto found = places_.find(site);
  return found != places_.end() ? found->second : other_;
}

/// Where each site of the census is kept. A site that is not known yet gets the place of one that has no members,
/// or else fewer than it has: the one with fewest, of those the one that has been without for longest.
std::vector<PopulationLedger::Place*> PopulationLedger::admit(const Census& census,
                                                              const std::vector<const Member*>& members,
                                                              std::uint32_t period) {
  std::vector<std::uint64_t> counts(census.sites.size());
  for (const Member* const member : members) ++counts[member->site];
  std::vector<std::uint32_t> newcomers;
  for (auto& [id, place] : places_) {
    place.members_to_come = 0;
    place.fresh = false;
  }
  for (std::uint32_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    const auto found = places_.find(census.sites[i]->id);
    if (found != places_.end()) {
      found->second.members_to_come += counts[i];
    } else {
      newcomers.push_back(i);
    }
  }

  const std::size_t room = max_sites_ * kKeptPerShown;
  std::stable_sort(newcomers.begin(), newcomers.end(),
                   [&counts](std::uint32_t a, std::uint32_t b) { return counts[a] > counts[b]; });
  std::vector<std::pair<SiteId, const Place*>> known;
  if (places_.size() + newcomers.size() > room) {
    for (const auto& [id, place] : places_) known.emplace_back(id, &place);
    std::sort(known.begin(), known.end(), [](const auto& a, const auto& b) {
      return std::tuple{a.second->members_to_come, a.second->populated_at, a.first} <
             std::tuple{b.second->members_to_come, b.second->populated_at, b.first};
    });
  }
  auto least = known.begin();
  for (const std::uint32_t i : newcomers) {
    const SiteId id = census.sites[i]->id;
    if (id == kOtherSite || places_.count(id) > 0) continue;
    if (places_.size() >= room) {
      if (least == known.end() || least->second->members_to_come >= counts[i]) break;
      other_.arrivals += least->second->arrivals;
      other_.departures += least->second->departures;
      other_.cohorts.adopt_all(least->second->cohorts, period);
      places_.erase(least->first);
      ++least;
    }
    places_[id].site = census.sites[i];
  }

  std::vector<Place*> places;
  places.reserve(census.sites.size());
  for (const auto& site : census.sites) places.push_back(&place_of(site->id));
  return places;
}

void PopulationLedger::note_look(MonotonicTime now) {
  if (!begin_) begin_ = now;
  if (now - last_look_ > Heights::kPeriodsEach * period_) followed_since_ = now;
  last_look_ = now;
}

void PopulationLedger::note_pace(const Census& census) {
  if (!census.read_at) return;
  const Nanoseconds gap = read_at_ ? *census.read_at - *read_at_ : Nanoseconds{0};
  // A reading may be confirmed by another one right after it.
  read_apart_ = std::max(gap, std::exchange(last_gap_, gap));
  read_at_ = census.read_at;
}

void PopulationLedger::rank() {
  std::vector<std::pair<SiteId, Place*>> ranked;
  ranked.reserve(places_.size());
  for (auto& [id, place] : places_) ranked.emplace_back(id, &place);
  std::sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) {
    // Of sites with as many members those that were apart stay so, lest two change places at every look.
    return std::tuple{b.second->members, b.second->apart, a.first} <
           std::tuple{a.second->members, a.second->apart, b.first};
  });
  for (std::size_t i = 0; i < ranked.size(); ++i) ranked[i].second->apart = i < max_sites_;
}

void PopulationLedger::credit_events() {
  const auto credit = [](Place& from, Place& to) {
    to.arrivals += std::exchange(from.arrived_now, 0);
    to.departures += std::exchange(from.departed_now, 0);
  };
  for (auto& [id, place] : places_) credit(place, place.apart ? place : other_);
  credit(other_, other_);
}

void PopulationLedger::follow_growth(Place& place, MonotonicTime now) const {
  if (place.members > 0) place.populated_at = now;
  if (kind_ == PopulationKind::goroutine) place.heights.note(period_at(now), place.members);
  if (!std::exchange(place.followed, true)) {
    place.fewest = place.members - std::min(place.members, place.arrived_now);
    place.fewest_at = place.most_at = now;
  }
  if (place.members > place.most) {
    place.most = place.members;
    place.most_at = now;
  }
  if (!place.past_heights && place.most - std::min(place.most, place.fewest) >= kWorthKeeping) {
    place.past_heights = std::make_unique<PastHeights>(window_);
  }
  if (place.past_heights) place.past_heights->add(now, static_cast<double>(place.members));
  const bool quiet = now - place.most_at >= kQuietWindows * window_;
  if (quiet) {
    place.most = place.members;
    place.most_at = now;
  }
  if (quiet || place.members <= place.fewest) {
    place.fewest = place.members;
    place.fewest_at = now;
    place.long_past.reset();
    return;
  }
  if (!place.long_past) place.long_past = std::make_unique<LongPast>();
  place.long_past->note(static_cast<std::uint64_t>(age_at(now, *begin_) / window_),
                        {.all = {.fewest = place.members, .departed = place.departed_now},
                         .old = {.fewest = place.old, .departed = place.old_departed_now}});
}

std::optional<Ages> PopulationLedger::ages(MonotonicTime now) const {
  if (records_.size() > kMostAged) return std::nullopt;
  Ages ages{};
  for (const Record& record : records_) {
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(age_at(now, record.since)).count();
    ++ages.at(static_cast<std::size_t>(std::ranges::upper_bound(kAgeBounds, age) - kAgeBounds.begin()));
  }
  return ages;
}

PopulationView PopulationLedger::view(MonotonicTime now) const {
  PopulationView view{.kind = kind_, .members = records_.size(), .arrivals = arrivals_, .departures = departures_};
  view.ages = ages(now);
  SiteView other{.site = other_.site, .arrivals = other_.arrivals, .departures = other_.departures};
  const auto add = [now](SiteView& line, const Place& place) {
    line.members += place.members;
    line.oldest = std::max(line.oldest, age_at(now, place.since));
    line.held += place.held;
  };
  for (const auto& [id, place] : places_) {
    if (place.apart) {
      SiteView line{.site = place.site, .arrivals = place.arrivals, .departures = place.departures};
      add(line, place);
      view.sites.push_back(std::move(line));
    } else {
      add(other, place);
    }
  }
  add(other, other_);
  std::sort(view.sites.begin(), view.sites.end(), [](const SiteView& a, const SiteView& b) {
    return std::pair{b.members, a.site->id} < std::pair{a.members, b.site->id};
  });
  if (other.members > 0 || other.arrivals > 0 || other.departures > 0) view.sites.push_back(std::move(other));
  return view;
}

std::vector<SiteGrowth> PopulationLedger::growth(MonotonicTime now) const {
  std::vector<SiteGrowth> grown;
  for (const auto& [id, place] : places_) {
    if (place.members > 0) grown.push_back(growth_of(place, now));
  }
  std::sort(grown.begin(), grown.end(), [](const SiteGrowth& a, const SiteGrowth& b) {
    return std::pair{b.members, a.site->id} < std::pair{a.members, b.site->id};
  });
  if (other_.members > 0) grown.push_back(growth_of(other_, now));
  return grown;
}

SiteGrowth PopulationLedger::growth_of(const Place& place, MonotonicTime now) const {
  SiteGrowth growth{
      .site = place.site, .members = place.members, .read_apart = read_apart_, .oldest = age_at(now, place.since)};
  if (place.members > place.fewest) growth.first_seen_growth = place.fewest_at;
  if (place.long_past) growth.long_past = place.long_past->ended();
  growth.followed_since = followed_since_;
  if (place.past_heights) {
    const auto before = [&](Nanoseconds ago) -> std::optional<std::uint64_t> {
      const auto height = place.past_heights->highest_before(now - ago);
      return height ? std::optional{static_cast<std::uint64_t>(*height)} : std::nullopt;
    };
    growth.height_before_window = before(window_);
    growth.height_before_past = before(window_ * static_cast<std::int64_t>(growth.long_past.size() + 1));
  }
  for (const Heights::Height& height : place.heights.all()) {
    growth.heights.push_back({.end = begin_of(height.period) + Heights::kPeriodsEach * period_, .most = height.most});
  }
  for (const Cohorts::Period& period : place.cohorts.at(period_at(now))) {
    growth.old_departures += period.old_departed;
    if (period.arrived == 0) continue;
    growth.cohorts.push_back({.begin = begin_of(period.number), .arrived = period.arrived, .alive = period.alive});
  }
  return growth;
}

}  // namespace proctor
