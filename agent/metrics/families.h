#pragma once

#include <span>
#include <string_view>

#include "agent/metrics/family_writer.h"
#include "agent/publication/publication.h"

namespace proctor {

/// Where the series of one metric of a target come from.
struct TargetFamily {
  std::string_view name;
  void (*fill)(const TargetReport& report, FamilyWriter& family);
};
/// Where the series of one metric of the agent come from.
struct AgentFamily {
  std::string_view name;
  void (*fill)(const AgentReport& agent, FamilyWriter& family);
};

/// Together one for every row of the catalogue.
std::span<const TargetFamily> target_families();
std::span<const AgentFamily> agent_families();

}  // namespace proctor
