#include "collectors/goroutines/goroutine_sites.h"

#include <fmt/format.h>

#include <algorithm>

#include "collectors/go/user_code.h"

namespace proctor {
namespace {

constexpr std::uint64_t kMainGoroutine = 1;  // created by assembly, not by a statement

/// A hash for this process's own use, so that it need only be fast.
std::uint64_t mixed(std::uint64_t hash, std::uint64_t number) {
  hash = (hash ^ number) * 0x9E3779B97F4A7C15ULL;
  return hash ^ (hash >> 29);
}

bool waits(GoroutineState state) { return state == GoroutineState::waiting || state == GoroutineState::leaked; }

}  // namespace

std::optional<GoroutineSites::Place> GoroutineSites::place_of(const CapturedGoroutine& captured, GoroutineState state,
                                                              bool partial) {
  const RawGoroutine& g = captured.goroutine;
  pcs_.clear();
  if (!captured.stack.empty() && !walker_.walk(captured, pcs_) && !partial) return std::nullopt;
  std::uint64_t key =
      mixed(number(g.gopc), static_cast<std::uint64_t>(state) << 8 | (waits(state) ? g.wait_reason : 0U));
  for (const RemoteAddress pc : pcs_) key = mixed(key, number(pc));
  key = mixed(key, number(walker_.end()));
  if (const auto known = by_code_.find(key); known != by_code_.end()) return known->second;

  Site site{.state = std::string{to_string(state)}};
  const auto reasons = process_.layout().wait_reasons;
  if (waits(state) && g.wait_reason < reasons.size()) site.reason = reasons[g.wait_reason];
  GoroutineStack stack;
  for (const RemoteAddress pc : pcs_) {
    // They are return addresses: the call stands before them. The runtime takes the innermost for one too, unless it is
    // the first instruction of a function.
    const auto function = process_.functions().function_at(pc);
    const bool begins = stack.calls.empty() && function && function->entry == pc;
    const FrameCache::Frames& calls = frames_.at(begins ? pc : pc - 1);
    stack.calls.push_back(calls);
    for (const GoFrame& call : *calls) {
      if (!call.wrapper) site.frames.push_back(call.frame);
    }
  }
  stack.end = walker_.end();
  if (const Frame* user = user_code_.user_frame(site.frames)) site.user = *user;
  if (const auto* module = module_of(process_.dependencies(), site.user.function)) {
    site.module = fmt::format("{}@{}", module->path, module->version);
  }
  if (g.goid != kMainGoroutine && g.gopc != RemoteAddress{}) {
    stack.created_by = process_.functions().statement_at(g.gopc - 1).value_or(GoFrame{});
    site.created_by = creator_of(stack);
  }
  site.of_libraries = is_of_libraries(site);
  stacks_.push_back(std::make_shared<const GoroutineStack>(std::move(stack)));
  const Place place{.site = add(std::move(site)), .stack = static_cast<std::uint32_t>(stacks_.size() - 1)};
  by_code_.emplace(key, place);
  return place;
}

bool GoroutineSites::is_of_libraries(const Site& site) const {
  const auto is_library = [this](const Frame& frame) {
    return is_standard_library(frame.function) || module_of(process_.dependencies(), frame.function) != nullptr;
  };
  return is_library(site.created_by) && std::ranges::all_of(site.frames, is_library);
}

/// Who wanted it. Where a wrapper created it, that is where the function literal stands that was given to the wrapper.
Frame GoroutineSites::creator_of(const GoroutineStack& stack) const {
  const Frame& statement = stack.created_by.frame;
  if (!user_code_.starts_for_others(statement.function)) return statement;
  for (auto calls = stack.calls.rbegin(); calls != stack.calls.rend(); ++calls) {
    for (auto call = (*calls)->rbegin(); call != (*calls)->rend(); ++call) {
      if (call->wrapper || !user_code_.is_users(call->frame)) continue;
      const std::string_view outer = enclosing_function(call->frame.function);
      const auto begin = process_.functions().statement_at(call->entry);
      if (outer.empty() || call->inlined || !begin) return statement;
      return {.function = std::string{outer}, .file = begin->frame.file, .line = begin->frame.line};
    }
  }
  return statement;
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
