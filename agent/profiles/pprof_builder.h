#pragma once

#include <cstdint>
#include <map>
#include <optional>
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

/// What a number of a profile counts, and in which unit: "goroutine", "count".
struct PprofValueType {
  std::string_view type;
  std::string_view unit;
};

/// What a profile as a whole says of itself.
struct PprofHead {
  std::vector<PprofValueType> values;  // of each sample
  PprofValueType period_type;
  std::uint64_t period = 1;
  std::string_view default_value;  // of `values`; empty: the last
  WallTime taken_at{};
  std::string_view executable;
  std::string_view build_id;
};

/// Gathers samples and writes them as pprof's profile.proto.
class PprofBuilder {
 public:
  /// What `head` refers to outlives it.
  explicit PprofBuilder(PprofHead head);

  using Labels = std::span<const std::pair<std::string, std::string>>;
  /// `values` as many as the head names. `block`: the size that heap profiles give as the label "bytes".
  void add(std::span<const PprofLocation> stack, std::span<const std::int64_t> values, Labels labels,
           std::optional<Bytes> block = {});
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
  PprofHead head_;
};

}  // namespace proctor
