#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "agent/publication/json_report.h"
#include "agent/publication/site_totals.h"
#include "collectors/observation/fd_snapshot.h"

namespace proctor {

/// How many there are of each word.
using Counts = std::map<std::string, std::uint64_t>;

/// Sets a field, where there is something to say.
void put_text(Json& object, const char* key, const std::string& text);
void put_bytes(Json& object, const char* key, const std::optional<Bytes>& bytes);
void put_count(Json& object, const char* key, const std::optional<std::uint64_t>& value);
/// What a descriptor is, and of a socket its state and peer. `fds` may be null.
void put_descriptor(Json& object, std::int32_t number, const FdSnapshot* fds);

Json json_of(const Frame& frame);
Json json_of(const Counts& counts);
/// `held` and `ids` name the fields of the bytes that it holds and of its members; null leaves them out.
Json json_of(const SiteTotals& totals, const char* held, const char* ids);
/// Every site of a kind that has members, most members first.
Json sites_of(const TargetReport& report, PopulationKind kind, const char* held, const char* ids);

}  // namespace proctor
