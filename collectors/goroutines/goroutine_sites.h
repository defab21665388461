#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "collectors/go/frame_cache.h"
#include "collectors/go/go_process.h"
#include "collectors/go/goroutine_reader.h"
#include "collectors/go/stack_walk.h"
#include "collectors/go/user_code.h"
#include "collectors/observation/goroutine_snapshot.h"
#include "collectors/sites/site.h"

namespace proctor {

/// The places where the goroutines of one process stand, named once each. Bounded: past the limits a place keeps the
/// line that the user wrote but not its whole stack, and past a second one it is kOtherSite.
class GoroutineSites {
 public:
  /// Both outlive it.
  GoroutineSites(const GoProcess& process, const UserCode& user_code)
      : process_(process), user_code_(user_code), walker_(process.functions()), frames_(process.functions()) {}

  /// Indices into `sites` and `stacks`.
  struct Place {
    std::uint32_t site = 0;
    std::uint32_t stack = 0;
  };
  /// Where a goroutine stands. Nothing where its stack does not hold together and `partial` is false; else the part
  /// that does.
  std::optional<Place> place_of(const CapturedGoroutine& captured, GoroutineState state, bool partial);
  const std::vector<SiteRef>& sites() const { return sites_; }
  const std::vector<std::shared_ptr<const GoroutineStack>>& stacks() const { return stacks_; }
  /// Whether so many places have been seen that it is time to begin anew.
  bool is_full() const { return by_code_.size() >= kMaxPlaces; }

 private:
  static constexpr std::size_t kMaxPlaces = 20'000;
  static constexpr std::size_t kMaxSites = 10'000;
  static constexpr std::size_t kMaxFrames = 50'000;

  Frame creator_of(const GoroutineStack& stack) const;
  bool is_of_libraries(const Site& site) const;
  std::uint32_t add(Site site);

  const GoProcess& process_;
  const UserCode& user_code_;
  StackWalker walker_;
  std::vector<RemoteAddress> pcs_;
  FrameCache frames_;
  std::unordered_map<std::uint64_t, Place> by_code_;  // hash of addresses, reason and state
  std::unordered_map<SiteId, std::uint32_t> by_id_;
  std::vector<SiteRef> sites_;
  std::vector<std::shared_ptr<const GoroutineStack>> stacks_;
  std::size_t frames_kept_ = 0;
};

}  // namespace proctor
