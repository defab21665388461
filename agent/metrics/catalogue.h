#pragma once

#include <prometheus/metric_type.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace proctor {

/// Whose a metric is, and so which labels stand before its own: target and pid, target, or none.
enum class MetricScope : std::uint8_t { process, target, agent };
/// How the processes of a merged target become one series.
enum class Merge : std::uint8_t { sum, lowest, highest };

/// One metric, as its HELP and TYPE lines say it.
struct MetricSpec {
  std::string_view name;
  prometheus::MetricType type{};
  std::string_view help;
  MetricScope scope = MetricScope::process;
  Merge merge = Merge::sum;
  std::array<std::string_view, 9> own_labels{};  // filled from the front

  constexpr std::span<const std::string_view> labels() const {
    std::size_t size = 0;
    while (size < own_labels.size() && !own_labels[size].empty()) ++size;
    return std::span{own_labels}.first(size);
  }
};

/// Every metric, in the order of the exposition.
std::span<const MetricSpec> catalogue();

}  // namespace proctor
