#include "agent/metrics/family_writer.h"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "base/text.h"

namespace proctor {
namespace {

constexpr std::size_t kSeriesHeld = 1000;

double& value_of(prometheus::ClientMetric& metric, prometheus::MetricType type) {
  return type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value;
}

double merged(Merge rule, double a, double b) {
  switch (rule) {
    case Merge::sum: return a + b;
    case Merge::lowest: return std::min(a, b);
    case Merge::highest: break;
  }
  return std::max(a, b);
}

/// Without the lines HELP and TYPE, which stand once per family.
std::string_view without_head(std::string_view text) {
  while (text.starts_with("# ")) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text;
}

}  // namespace

FamilyWriter::FamilyWriter(const MetricSpec& spec, std::string& out) : spec_(spec), out_(out) {
  family_.name = spec.name;
  family_.help = spec.help;
  family_.type = spec.type;
}

void FamilyWriter::begin_target(std::string_view name, std::string_view pid) {
  std::string target = to_valid_utf8(name);
  if (target != target_) {
    series_.clear();
    if (family_.metric.size() >= kSeriesHeld) finish();
  }
  target_ = std::move(target);
  pid_ = pid;
}

prometheus::ClientMetric FamilyWriter::labelled(std::initializer_list<std::string_view> values) const {
  prometheus::ClientMetric metric;
  if (spec_.scope != MetricScope::agent) metric.label.push_back({"target", target_});
  if (spec_.scope == MetricScope::process && !pid_.empty()) metric.label.push_back({"pid", pid_});
  auto name = spec_.labels().begin();
  for (const std::string_view value : values) {
    metric.label.push_back({std::string{*name}, to_valid_utf8(value)});  // an empty one too: the set is fixed
    ++name;
  }
  return metric;
}

void FamilyWriter::add(std::initializer_list<std::string_view> values, double value) {
  if (!std::isfinite(value) || value < 0) return;
  prometheus::ClientMetric metric = labelled(values);
  std::string key;
  for (const auto& label : metric.label) (key += label.name).append(1, '\0').append(label.value).append(1, '\0');
  const auto [entry, is_new] = series_.try_emplace(std::move(key), family_.metric.size());
  if (is_new) {
    value_of(metric, spec_.type) = value;
    family_.metric.push_back(std::move(metric));
  } else {
    double& present = value_of(family_.metric[entry->second], spec_.type);
    present = merged(spec_.merge, present, value);
  }
}

void FamilyWriter::add(std::initializer_list<std::string_view> values, const DurationHistogram& histogram) {
  prometheus::ClientMetric metric = labelled(values);
  metric.histogram.sample_count = histogram.count;
  metric.histogram.sample_sum = histogram.sum;
  for (std::size_t i = 0; i < DurationHistogram::kBounds.size(); ++i) {
    metric.histogram.bucket.push_back({histogram.cumulative[i], DurationHistogram::kBounds[i]});
  }
  family_.metric.push_back(std::move(metric));
}

void FamilyWriter::finish() {
  series_.clear();
  if (family_.metric.empty()) return;
  std::ostringstream text;
  prometheus::TextSerializer{}.Serialize(text, {family_});
  const std::string written = text.str();
  out_ += headed_ ? without_head(written) : std::string_view{written};
  headed_ = true;
  family_.metric.clear();
}

}  // namespace proctor
