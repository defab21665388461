#include "agent/app/limit_use.h"

#include "agent/publication/site_totals.h"

namespace proctor {

std::optional<LimitUse> nearest_limit(const Observation& look) {
  std::optional<LimitUse> nearest;
  const auto add = [&](const char* resource, double used, double limit) {
    const LimitUse use{.resource = resource, .used = used, .limit = limit};
    if (limit > 0 && (!nearest || use.share() > nearest->share())) nearest = use;
  };
  if (const auto* memory = snapshot_of(look.memory)) {
    if (memory->limit) {
      add("memory", static_cast<double>(count(memory->resident)), static_cast<double>(count(*memory->limit)));
    }
    if (memory->mapping_count && memory->mapping_limit) {
      add("mappings", static_cast<double>(*memory->mapping_count), static_cast<double>(*memory->mapping_limit));
    }
  }
  if (const auto* fds = snapshot_of(look.fds); fds != nullptr && fds->limit) {
    add("fds", static_cast<double>(fds->open), static_cast<double>(*fds->limit));
  }
  if (const auto* threads = snapshot_of(look.threads); threads != nullptr && threads->limit) {
    add("threads", static_cast<double>(threads->threads.size()), static_cast<double>(*threads->limit));
  }
  return nearest;
}

}  // namespace proctor
