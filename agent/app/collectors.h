#pragma once

#include <cstdint>
#include <filesystem>

#include "agent/sampling/look.h"

namespace proctor {

/// For how long the collectors are made: some things are worth their cost only now and then, or for one look.
enum class Looks : std::uint8_t { many, one };

/// Every collector, in the order in which a look runs them. The only list of them.
Collectors make_collectors(const std::filesystem::path& procfs, const Clock& clock, Looks looks = Looks::many);

}  // namespace proctor
