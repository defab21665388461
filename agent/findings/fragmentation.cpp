#include "agent/findings/fragmentation.h"

#include <fmt/format.h>

#include <algorithm>

namespace proctor {
namespace {

constexpr double kMebibyte = 1024.0 * 1024.0;
constexpr double kLeastFree = 64 * kMebibyte;
constexpr double kLeastShare = 0.5;  // of what malloc has

}  // namespace

std::optional<Finding> detect_fragmentation(const MemorySnapshot& memory, const Series& free,
                                            const FindingsConfig& config, const Instant& instant) {
  if (!memory.malloc || free.points().empty()) return std::nullopt;
  const auto held = static_cast<double>(count(memory.malloc->held));
  const auto unused = static_cast<double>(count(memory.malloc->free));
  if (unused < kLeastShare * held) return std::nullopt;
  // Only what was free all the time.
  const auto begin = std::ranges::find_if(free.points().rbegin(), free.points().rend(),
                                          [](const Point& point) { return point.value < kLeastFree; });
  const auto since = begin == free.points().rend() ? free.points().front().at : begin->at;
  if (begin == free.points().rbegin() || instant.now - since < config.window / 2) return std::nullopt;
  Finding finding{.kind = FindingKind::memory_fragmentation, .certainty = Certainty::proven};
  finding.since = instant.wall - std::chrono::duration_cast<WallTime::duration>(instant.now - since);
  finding.members = count(memory.malloc->free);
  finding.says = fmt::format(
      "malloc has {:.0f} MiB in {} arenas, of which {:.0f} MiB ({:.0f} %) are free and stay resident: fragmentation, "
      "no leak.",
      held / kMebibyte, memory.malloc->arenas, unused / kMebibyte, 100 * unused / held);
  finding.advice =
      "malloc_trim(0) after a peak, MALLOC_ARENA_MAX=2 for many threads, or an allocator that gives pages back";
  return finding;
}

}  // namespace proctor
