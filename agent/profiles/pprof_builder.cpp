#include "agent/profiles/pprof_builder.h"

#include <protozero/pbf_builder.hpp>

#include "base/gzip.h"

namespace proctor {
namespace {

// The fields of profile.proto that are written, by number.
enum class ProfileField : protozero::pbf_tag_type {
  sample_type = 1,
  sample = 2,
  mapping = 3,
  location = 4,
  function = 5,
  string_table = 6,
  time_nanos = 9,
  period_type = 11,
  period = 12,
  default_sample_type = 14
};
enum class ValueTypeField : protozero::pbf_tag_type { type = 1, unit = 2 };
enum class SampleField : protozero::pbf_tag_type { location_id = 1, value = 2, label = 3 };
enum class LabelField : protozero::pbf_tag_type { key = 1, text = 2, number = 3 };
enum class MappingField : protozero::pbf_tag_type {
  id = 1,
  filename = 5,
  build_id = 6,
  has_functions = 7,
  has_filenames = 8,
  has_line_numbers = 9,
  has_inline_frames = 10
};
enum class LocationField : protozero::pbf_tag_type { id = 1, mapping_id = 2, address = 3, line = 4 };
enum class LineField : protozero::pbf_tag_type { function_id = 1, line = 2 };
enum class FunctionField : protozero::pbf_tag_type { id = 1, name = 2, system_name = 3, filename = 4 };

constexpr std::uint64_t kMapping = 1;

std::int64_t as_signed(std::uint64_t value) { return static_cast<std::int64_t>(value); }

}  // namespace

PprofBuilder::PprofBuilder(PprofHead head) : head_(std::move(head)) {
  (void)text_of("");  // the first is always the empty one
}

std::uint64_t PprofBuilder::text_of(std::string_view text) {
  if (const auto known = texts_.find(text); known != texts_.end()) return known->second;
  texts_.emplace(text, text_list_.size());
  text_list_.emplace_back(text);
  return text_list_.size() - 1;
}

std::uint64_t PprofBuilder::function_of(const Frame& frame) {
  const std::uint64_t name = text_of(frame.function);
  const std::uint64_t file = text_of(frame.file);
  const auto [place, is_new] = known_functions_.try_emplace({name, file}, known_functions_.size() + 1);
  if (is_new) {
    protozero::pbf_builder<ProfileField> profile{functions_};
    protozero::pbf_builder<FunctionField> function{profile, ProfileField::function};
    function.add_uint64(FunctionField::id, place->second);
    function.add_int64(FunctionField::name, as_signed(name));
    function.add_int64(FunctionField::system_name, as_signed(name));
    function.add_int64(FunctionField::filename, as_signed(file));
  }
  return place->second;
}

std::uint64_t PprofBuilder::location_of(const PprofLocation& location) {
  std::vector<std::uint64_t> lines;  // function and line, one after the other
  for (const Frame& frame : location.lines) {
    lines.push_back(function_of(frame));
    lines.push_back(frame.line);
  }
  const auto [place, is_new] =
      known_locations_.try_emplace({number(location.address), lines}, known_locations_.size() + 1);
  if (is_new) {
    protozero::pbf_builder<ProfileField> profile{locations_};
    protozero::pbf_builder<LocationField> message{profile, ProfileField::location};
    message.add_uint64(LocationField::id, place->second);
    message.add_uint64(LocationField::mapping_id, kMapping);
    message.add_uint64(LocationField::address, number(location.address));
    for (std::size_t i = 0; i < lines.size(); i += 2) {
      protozero::pbf_builder<LineField> line{message, LocationField::line};
      line.add_uint64(LineField::function_id, lines[i]);
      line.add_int64(LineField::line, as_signed(lines[i + 1]));
    }
  }
  return place->second;
}

void PprofBuilder::add(std::span<const PprofLocation> stack, std::span<const std::int64_t> values, Labels labels,
                       std::optional<Bytes> block) {
  std::vector<std::uint64_t> locations;
  for (const PprofLocation& location : stack) locations.push_back(location_of(location));
  protozero::pbf_builder<ProfileField> profile{samples_};
  protozero::pbf_builder<SampleField> sample{profile, ProfileField::sample};
  sample.add_packed_uint64(SampleField::location_id, locations.begin(), locations.end());
  sample.add_packed_int64(SampleField::value, values.begin(), values.end());
  for (const auto& [key, text] : labels) {
    protozero::pbf_builder<LabelField> label{sample, SampleField::label};
    label.add_int64(LabelField::key, as_signed(text_of(key)));
    label.add_int64(LabelField::text, as_signed(text_of(text)));
  }
  if (block) {
    protozero::pbf_builder<LabelField> label{sample, SampleField::label};
    label.add_int64(LabelField::key, as_signed(text_of("bytes")));
    label.add_int64(LabelField::number, as_signed(count(*block)));
  }
}

Result<std::string> PprofBuilder::finish() {
  std::string message;
  protozero::pbf_builder<ProfileField> profile{message};
  const auto add_type = [&](ProfileField field, const PprofValueType& value) {
    protozero::pbf_builder<ValueTypeField> type{profile, field};
    type.add_int64(ValueTypeField::type, as_signed(text_of(value.type)));
    type.add_int64(ValueTypeField::unit, as_signed(text_of(value.unit)));
  };
  for (const PprofValueType& value : head_.values) add_type(ProfileField::sample_type, value);
  add_type(ProfileField::period_type, head_.period_type);
  profile.add_int64(ProfileField::period, as_signed(head_.period));
  if (!head_.default_value.empty()) {
    profile.add_int64(ProfileField::default_sample_type, as_signed(text_of(head_.default_value)));
  }
  profile.add_int64(ProfileField::time_nanos,
                    std::chrono::duration_cast<Nanoseconds>(head_.taken_at.time_since_epoch()).count());
  {
    protozero::pbf_builder<MappingField> mapping{profile, ProfileField::mapping};
    mapping.add_uint64(MappingField::id, kMapping);
    mapping.add_int64(MappingField::filename, as_signed(text_of(head_.executable)));
    mapping.add_int64(MappingField::build_id, as_signed(text_of(head_.build_id)));
    for (const MappingField known : {MappingField::has_functions, MappingField::has_filenames,
                                     MappingField::has_line_numbers, MappingField::has_inline_frames}) {
      mapping.add_bool(known, true);
    }
  }
  message += samples_ + locations_ + functions_;
  for (const std::string& text : text_list_) profile.add_string(ProfileField::string_table, text);
  return gzip(message);
}

}  // namespace proctor
