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

std::vector<Finding> detect_blocked_forever(const GoroutineSnapshot& goroutines, const UnreachableSnapshot* unreachable,
                                            WallTime now, MonotonicTime sampled_at) {
  struct Stuck {
    Finding finding;
    Bytes heap{};
  };
  std::map<std::uint32_t, Stuck> by_site;
  for (const GoroutineSample& goroutine : goroutines.goroutines) {
    if (goroutine.goid == kMainGoroutine || goroutine.system) continue;
    const SiteRef& site = goroutines.sites[goroutine.site];
    const bool proven = never_ends(site->reason);
    const UnreachableGoroutine* found = unreachable == nullptr ? nullptr : unreachable->find(goroutine);
    // The runtime's own check for leaks marks what it has found.
    if (!proven && found == nullptr && goroutine.state != GoroutineState::leaked) continue;
    auto& [finding, heap] = by_site[goroutine.site];
    finding.site = site;
    finding.certainty = proven ? Certainty::proven : Certainty::suspected;
    ++finding.members;
    if (found != nullptr) heap += found->held;
    if (goroutine.waiting_since && *goroutine.waiting_since < sampled_at) {
      finding.oldest = std::max(finding.oldest, Nanoseconds{sampled_at - *goroutine.waiting_since});
    }
  }
  std::vector<Finding> findings;
  for (auto& [index, stuck] : by_site) {
    Finding& finding = stuck.finding;
    finding.kind = FindingKind::blocked_forever;
    finding.since = now - std::chrono::duration_cast<WallTime::duration>(finding.oldest);
    const std::string place = place_of(*finding.site);
    finding.says =
        finding.certainty == Certainty::proven
            ? fmt::format("{} goroutines wait at {}, which nothing can ever end.", finding.members, place)
            : fmt::format(
                  "{} goroutines at {} can never go on: nothing that can still run refers to what they wait for.",
                  finding.members, place);
    if (count(stuck.heap) != 0) {
      constexpr double kKibibyte = 1024;
      finding.says +=
          fmt::format(" They keep {:.0f} KiB of heap alive.", static_cast<double>(count(stuck.heap)) / kKibibyte);
    }
    finding.advice = leak_advice(PopulationKind::goroutine, *finding.site);
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace proctor
