#include "agent/findings/context_overdue.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "agent/findings/leak_text.h"

namespace proctor {
namespace {

// To return from a call that was cut short takes a moment, and on a busy machine some more.
constexpr std::chrono::seconds kGrace{5};

}  // namespace

bool is_overdue(const GoroutineSample& goroutine, WallTime now) {
  const bool waits = goroutine.state == GoroutineState::waiting || goroutine.state == GoroutineState::syscall ||
                     goroutine.state == GoroutineState::leaked;
  return waits && !goroutine.system && goroutine.context_deadline && *goroutine.context_deadline < now &&
         goroutine.context_end != ContextEnd::cancelled;
}

std::uint64_t count_overdue(const GoroutineSnapshot& goroutines, WallTime now) {
  return static_cast<std::uint64_t>(std::ranges::count_if(
      goroutines.goroutines, [now](const GoroutineSample& goroutine) { return is_overdue(goroutine, now); }));
}

std::vector<Finding> detect_context_overdue(const GoroutineSnapshot& goroutines, WallTime now) {
  std::map<std::uint32_t, Finding> by_site;
  for (const GoroutineSample& goroutine : goroutines.goroutines) {
    if (!is_overdue(goroutine, now)) continue;
    Finding& finding = by_site[goroutine.site];
    ++finding.members;
    finding.oldest =
        std::max(finding.oldest, std::chrono::duration_cast<Nanoseconds>(now - *goroutine.context_deadline));
  }
  std::vector<Finding> findings;
  for (auto& [index, finding] : by_site) {
    if (finding.oldest < kGrace) continue;
    finding.kind = FindingKind::context_overdue;
    finding.certainty = Certainty::suspected;
    finding.site = goroutines.sites[index];
    finding.since = now - std::chrono::duration_cast<WallTime::duration>(finding.oldest);
    finding.says = fmt::format(
        "{} goroutines still wait at {} although the deadline of their context has passed, the first by {:.0f} s.",
        finding.members, place_of(*finding.site), seconds(finding.oldest));
    finding.advice =
        "select on ctx.Done() beside what is waited for here; who set the deadline has gone on without them";
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace proctor
