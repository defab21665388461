#include "agent/findings/stuck_finalizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "agent/findings/leak_text.h"

namespace proctor {
namespace {

constexpr std::chrono::seconds kPatience{10};
constexpr auto kRunners =
    std::to_array<std::string_view>({"runtime.runfinq", "runtime.runFinalizers", "runtime.runCleanups"});

bool runs_finalizers(const Site& site) {
  return std::ranges::any_of(
      site.frames, [](const Frame& frame) { return std::ranges::find(kRunners, frame.function) != kRunners.end(); });
}

}  // namespace

std::vector<Finding> FinalizerWatch::look(const GoroutineSnapshot& goroutines, WallTime now, MonotonicTime sampled_at) {
  const std::vector<Wait> before = std::exchange(waits_, {});
  std::vector<Finding> findings;
  for (const GoroutineSample& goroutine : goroutines.goroutines) {
    const bool waits = goroutine.state == GoroutineState::waiting || goroutine.state == GoroutineState::syscall;
    if (!goroutine.system || !waits) continue;
    const SiteRef& site = goroutines.sites[goroutine.site];
    // While it has nothing to do, it stands in the runtime alone.
    if (site->user.function.starts_with("runtime.") || !runs_finalizers(*site)) continue;
    Wait wait{goroutine.goid, goroutine.wait_token, site->id, sampled_at};
    const auto same = std::ranges::find_if(before, [&](const Wait& then) {
      return then.goid == wait.goid && then.token == wait.token && then.site == wait.site;
    });
    if (same != before.end()) wait.since = same->since;
    // The collector's word reaches further back, but there is none before it has run.
    if (goroutine.waiting_since) wait.since = std::min(wait.since, *goroutine.waiting_since);
    waits_.push_back(wait);
    const Nanoseconds stuck = sampled_at - wait.since;
    if (stuck < kPatience) continue;
    Finding finding;
    finding.kind = FindingKind::finalizer_stuck;
    finding.certainty = Certainty::suspected;
    finding.site = site;
    finding.members = 1;
    finding.oldest = stuck;
    finding.since = now - std::chrono::duration_cast<WallTime::duration>(stuck);
    finding.says = fmt::format("A finalizer has stood at {} for {:.0f} s, and no other one runs meanwhile.",
                               place_of(*site), seconds(stuck));
    finding.advice = "a finalizer or cleanup must not block: let it hand its work to a goroutine of its own";
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace proctor
