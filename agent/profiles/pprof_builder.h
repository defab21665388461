#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "base/units.h"
#include "collectors/sites/site.h"

namespace proctor {

/// An address in a stack with the functions that stand at it, innermost first.
struct PprofLocation {
  RemoteAddress address{};  // 0 where the place is known by name only
  std::vector<Frame> lines;
};

/// Gathers samples of one value and writes them as pprof's profile.proto.
class PprofBuilder {
 public:
  /// `unit` of the value: "goroutine", "thread".
  PprofBuilder(std::string_view unit, WallTime taken_at, std::string_view executable, std::string_view build_id);

  using Labels = std::span<const std::pair<std::string, std::string>>;
  void add(std::span<const PprofLocation> stack, std::uint64_t members, Labels labels);
  /// Gzipped. Errors: limit_reached.
  Result<std::string> finish();

 private:
  std::uint64_t location_of(const PprofLocation& location);
  std::uint64_t function_of(const Frame& frame);
  std::uint64_t text_of(std::string_view text);

  std::string samples_, locations_, functions_;  // parts of the message
  std::map<std::string, std::uint64_t, std::less<>> texts_;
  std::vector<std::string> text_list_;
  std::map<std::pair<std::uint64_t, std::vector<std::uint64_t>>, std::uint64_t> known_locations_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> known_functions_;
  std::string unit_;
  WallTime taken_at_;
  std::string executable_, build_id_;
};

}  // namespace proctor
