#pragma once

#include <string>
#include <string_view>

#include "base/units.h"
#include "collectors/sites/site.h"

namespace proctor {

/// RFC 3339 in UTC, to the second: 2026-01-01T00:00:00Z.
std::string timestamp_of(WallTime time);
/// In the two largest units: 850ms, 12.4s, 3m12s, 5h04m, 2d03h.
std::string human_duration(Nanoseconds duration);
/// In binary units: 512 B, 1.5 MiB.
std::string human_bytes(Bytes bytes);
/// The file of a frame as it is shown: without its folders, which the function's package tells already. A path class
/// or an end point, which has no line, is shown whole.
std::string_view shown_file(const Frame& frame);
/// "main.leakRecv main.go:14"; empty where nothing of the frame is known. Valid UTF-8.
std::string human_frame(const Frame& frame);
/// What names a site in one line: the frame that the user wrote, else its reason, else its state.
std::string human_site(const Site& site);

}  // namespace proctor
