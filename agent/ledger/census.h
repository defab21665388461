#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "agent/ledger/population.h"
#include "collectors/observation/observation.h"

namespace proctor {

inline constexpr std::array kPopulationKinds{PopulationKind::goroutine, PopulationKind::thread,  PopulationKind::fd,
                                             PopulationKind::socket,    PopulationKind::mapping, PopulationKind::child,
                                             PopulationKind::timer,     PopulationKind::context};

/// The snapshot that holds the members of `kind`: the same object as in the look before where nothing changed.
/// Null where it is missing, failed, or is only a sample of the members; null for children, which have none.
std::shared_ptr<const void> census_source(const Observation& observation, PopulationKind kind);

/// The members of one kind. Nothing where `census_source` has none. Sites are those of the snapshot.
std::optional<Census> take_census(const Observation& observation, PopulationKind kind);

/// The same for every kind that there is.
std::vector<Census> take_census(const Observation& observation);

}  // namespace proctor
