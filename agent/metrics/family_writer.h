#pragma once

#include <prometheus/metric_family.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "agent/metrics/catalogue.h"
#include "agent/publication/publication.h"

namespace proctor {

/// Writes one family as text. Holds the series of few targets at a time, so that memory stays small with many sites.
/// Series that differ in nothing become one by the rule of the metric, which is how merged processes are merged.
class FamilyWriter {
 public:
  FamilyWriter(const MetricSpec& spec, std::string& out);

  /// The series that follow are of this target: by name, then pid, so that a name does not come back.
  void begin_target(std::string_view name, std::string_view pid);
  /// `values` are those of the spec's own labels; an empty one is left out. A value that is negative or not finite
  /// is none and makes no series.
  void add(std::initializer_list<std::string_view> values, double value);
  void add(std::initializer_list<std::string_view> values, const DurationHistogram& histogram);
  /// Writes what is held. Without a series nothing is written, no HELP either.
  void finish();

 private:
  prometheus::ClientMetric labelled(std::initializer_list<std::string_view> values) const;

  const MetricSpec& spec_;
  std::string& out_;
  prometheus::MetricFamily family_;
  std::unordered_map<std::string, std::size_t> series_;  // index into the family, by label values
  std::string target_;
  std::string pid_;
  bool headed_ = false;
};

}  // namespace proctor
