#include "collectors/goroutines/goroutine_sites.h"

#include <algorithm>

#include "collectors/go/user_code.h"

namespace proctor {
namespace {

constexpr std::size_t kMaxNamedCode = 50'000;
constexpr std::uint64_t kMainGoroutine = 1;  // created by assembly, not by a statement

/// A hash for this process's own use, so that it need only be fast.
std::uint64_t mixed(std::uint64_t hash, std::uint64_t number) {
  hash = (hash ^ number) * 0x9E3779B97F4A7C15ULL;
  return hash ^ (hash >> 29);
}

bool waits(GoroutineState state) { return state == GoroutineState::waiting || state == GoroutineState::leaked; }

}  // namespace

const std::vector<Frame>& GoroutineSites::frames_at(RemoteAddress pc) {
  if (const auto known = frames_.find(number(pc)); known != frames_.end()) return known->second;
  if (frames_.size() >= kMaxNamedCode) frames_.clear();
  return frames_.emplace(number(pc), process_.functions().frames_at(pc).value_or(std::vector<Frame>{})).first->second;
}

std::optional<std::uint32_t> GoroutineSites::site_of(const CapturedGoroutine& captured, GoroutineState state,
                                                     bool partial) {
  const RawGoroutine& g = captured.goroutine;
  pcs_.clear();
  if (!captured.stack.empty() && !walker_.walk(captured, pcs_) && !partial) return std::nullopt;
  std::uint64_t key =
      mixed(number(g.gopc), static_cast<std::uint64_t>(state) << 8 | (waits(state) ? g.wait_reason : 0U));
  for (const RemoteAddress pc : pcs_) key = mixed(key, number(pc));
  if (const auto known = by_code_.find(key); known != by_code_.end()) return known->second;

  Site site{.state = std::string{to_string(state)}};
  const auto reasons = process_.layout().wait_reasons;
  if (waits(state) && g.wait_reason < reasons.size()) site.reason = reasons[g.wait_reason];
  for (std::size_t i = 0; i < pcs_.size(); ++i) {
    // All but the innermost are return addresses: the call stands before them.
    for (const Frame& frame : frames_at(i == 0 ? pcs_[i] : pcs_[i] - 1)) {
      if (!is_compiler_wrapper(frame)) site.frames.push_back(frame);
    }
  }
  if (const Frame* user = user_frame(site.frames)) site.user = *user;
  if (g.goid != kMainGoroutine && g.gopc != RemoteAddress{}) {
    site.created_by = process_.functions().statement_at(g.gopc - 1).value_or(Frame{});
  }
  const std::uint32_t index = add(std::move(site));
  by_code_.emplace(key, index);
  return index;
}

std::uint32_t GoroutineSites::add(Site site) {
  identify(site);
  if (by_id_.size() >= kMaxSites && !by_id_.contains(site.id)) site = Site{.id = kOtherSite, .state = site.state};
  const auto [place, is_new] = by_id_.try_emplace(site.id, static_cast<std::uint32_t>(sites_.size()));
  if (is_new) {
    if (frames_kept_ + site.frames.size() > kMaxFrames) site.frames.clear();
    site.frames.shrink_to_fit();
    frames_kept_ += site.frames.size();
    sites_.push_back(std::make_shared<const Site>(std::move(site)));
  }
  return place->second;
}

}  // namespace proctor
