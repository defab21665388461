#include "agent/findings/blocked_forever.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "agent/findings/leak_text.h"

namespace proctor {
namespace {

constexpr std::uint64_t kMainGoroutine = 1;

bool never_ends(const std::string& reason) {
  return reason == "chan receive (nil chan)" || reason == "chan send (nil chan)" || reason == "select (no cases)";
}

}  // namespace

std::vector<Finding> detect_blocked_forever(const GoroutineSnapshot& goroutines, WallTime now,
                                            MonotonicTime sampled_at) {
  std::map<std::uint32_t, Finding> by_site;
  for (const GoroutineSample& goroutine : goroutines.goroutines) {
    const SiteRef& site = goroutines.sites[goroutine.site];
    if (goroutine.goid == kMainGoroutine || goroutine.system || !never_ends(site->reason)) continue;
    Finding& finding = by_site[goroutine.site];
    finding.site = site;
    ++finding.members;
    if (goroutine.waiting_since && *goroutine.waiting_since < sampled_at) {
      finding.oldest = std::max(finding.oldest, Nanoseconds{sampled_at - *goroutine.waiting_since});
    }
  }
  std::vector<Finding> findings;
  for (auto& [index, finding] : by_site) {
    finding.kind = FindingKind::blocked_forever;
    finding.certainty = Certainty::proven;
    finding.since = now - std::chrono::duration_cast<WallTime::duration>(finding.oldest);
    finding.says =
        fmt::format("{} goroutines wait at {}, which nothing can ever end.", finding.members, place_of(*finding.site));
    finding.advice = leak_advice(PopulationKind::goroutine, *finding.site);
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace proctor
