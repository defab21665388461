#include "agent/findings/stuck_finalizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

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

std::vector<Finding> detect_stuck_finalizer(const GoroutineSnapshot& goroutines, WallTime now,
                                            MonotonicTime sampled_at) {
  std::vector<Finding> findings;
  for (const GoroutineSample& goroutine : goroutines.goroutines) {
    const SiteRef& site = goroutines.sites[goroutine.site];
    // While it has nothing to do, it stands in the runtime alone.
    if (!goroutine.system || site->user.function.starts_with("runtime.") || !runs_finalizers(*site)) continue;
    if (!goroutine.waiting_since || sampled_at - *goroutine.waiting_since < kPatience) continue;
    const Nanoseconds stuck = sampled_at - *goroutine.waiting_since;
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
