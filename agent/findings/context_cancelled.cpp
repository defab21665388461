#include "agent/findings/context_cancelled.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "agent/findings/leak_text.h"

namespace proctor {
namespace {

// Who was told to stop may have to finish what it has begun.
constexpr std::chrono::seconds kGrace{30};

}  // namespace

std::vector<Finding> detect_context_cancelled(const GoroutineSnapshot& goroutines, WallTime now) {
  if (goroutines.cancelled.empty()) return {};
  std::map<std::uint32_t, Finding> by_site;
  for (const CancelledWait& wait : goroutines.cancelled) {
    const GoroutineSample& goroutine = goroutines.goroutines[wait.goroutine];
    Finding& finding = by_site[goroutine.site];
    ++finding.members;
    finding.oldest = std::max(finding.oldest, std::chrono::duration_cast<Nanoseconds>(now - wait.seen_at));
  }
  std::vector<Finding> findings;
  for (auto& [index, finding] : by_site) {
    if (finding.oldest < kGrace) continue;
    finding.kind = FindingKind::context_cancelled;
    finding.certainty = Certainty::suspected;
    finding.site = goroutines.sites[index];
    finding.since = now - std::chrono::duration_cast<WallTime::duration>(finding.oldest);
    finding.says = fmt::format(
        "{} goroutines still wait at {} although their context was cancelled, the first at least {:.0f} s ago.",
        finding.members, place_of(*finding.site), seconds(finding.oldest));
    finding.advice = "select on ctx.Done() beside what is waited for here; who cancelled has gone on without them";
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace proctor
