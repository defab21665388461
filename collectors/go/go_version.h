#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace proctor {

/// A release of the Go toolchain.
struct GoVersion {
  std::uint16_t major = 0;
  std::uint16_t minor = 0;
  std::uint16_t patch = 0;
  friend constexpr auto operator<=>(const GoVersion&, const GoVersion&) = default;
};

/// "go1.26.8", "go1.19", also with a vendor's suffix or experiments after a space or a dash. unsupported_go_version for
/// "devel ...", release candidates and betas ("go1.28rc1").
Result<GoVersion> parse_go_version(std::string_view text);

/// The first experiment that such a text names ("go1.26.1-X:nospinbitmutex,jsonv2") and that is not known to leave the
/// runtime's structures as they are; empty where there is none. What it moves only the binary's own DWARF tells.
std::string_view experiment_that_moves_fields(std::string_view text);

}  // namespace proctor
