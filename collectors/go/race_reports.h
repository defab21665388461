#pragma once

#include <cstdint>
#include <optional>

#include "base/address.h"
#include "collectors/os/memory_reader.h"

namespace proctor {

/// How many data races the detector of a program that was built with -race has reported. `count_function`: where
/// __tsan_report_count stands, whose code tells where the number is. Nothing where the code is not as expected.
std::optional<std::uint64_t> read_race_reports(const MemoryReader& memory, RemoteAddress count_function);

}  // namespace proctor
