#include "agent/findings/stuck_thread.h"

#include <fmt/format.h>

#include "agent/findings/leak_text.h"

namespace proctor {
namespace {

constexpr int kStuckShare = 2;  // of the window

/// ", in the kernel's rpc_wait_bit_killable"; empty where it is not known.
std::string in_the_kernel(const Site& site, const ThreadSnapshot* snapshot) {
  if (snapshot == nullptr) return "";
  for (const auto& [index, functions] : snapshot->kernel_functions) {
    if (snapshot->sites[index]->id == site.id) return fmt::format(", in the kernel's {}", fmt::join(functions, ", "));
  }
  return "";
}

}  // namespace

std::vector<Finding> detect_stuck_threads(const PopulationView& threads, const ThreadSnapshot* snapshot,
                                          const FindingsConfig& config, const Instant& instant) {
  std::vector<Finding> findings;
  for (const SiteView& view : threads.sites) {
    // Where the call may not be seen, a parent that waits for its vfork looks the same.
    if (!view.site || view.site->state != "disk_sleep") continue;
    if (view.site->reason == "fork" || view.site->reason == "unknown") continue;
    if (view.members == 0 || view.oldest < config.window / kStuckShare) continue;
    Finding finding{.kind = FindingKind::stuck_thread, .certainty = Certainty::suspected, .site = view.site};
    finding.members = view.members;
    finding.oldest = view.oldest;
    finding.since = instant.wall - std::chrono::duration_cast<WallTime::duration>(view.oldest);
    finding.says =
        fmt::format("{} threads are in uninterruptible sleep at {}, one of them for {:.0f} s{}.", view.members,
                    place_of(*view.site), seconds(view.oldest), in_the_kernel(*view.site, snapshot));
    finding.advice =
        "the kernel waits for a disk, a network file system or a driver; /proc/PID/task/TID/stack tells for which, and "
        "no signal ends it";
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace proctor
