#include "collectors/go/profile_labels.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/byte_cursor.h"

namespace proctor {
namespace {

constexpr std::uint64_t kMaxLabels = 256;
constexpr std::uint64_t kMaxBytes = 4096;
constexpr GoVersion kFirstWithList{1, 24, 0};

struct Text {
  RemoteAddress begin{};
  std::uint64_t length = 0;
};
struct Label {
  Text key, value;
};

Result<std::string> read_label_text(const MemoryReader& memory, const Text& text) {
  if (text.length > kMaxBytes) return fail(ErrorCode::implausible, "a label of {} bytes", text.length);
  if (text.length == 0) return std::string{};
  return memory.read_text(text.begin, text.length);
}

Result<void> add(const MemoryReader& memory, const Label& label, ProfileLabels& labels) {
  labels.emplace_back(PROCTOR_TRY(read_label_text(memory, label.key)),
                      PROCTOR_TRY(read_label_text(memory, label.value)));
  return {};
}

/// From 1.24 on: a sorted slice.
Result<ProfileLabels> read_list(const MemoryReader& memory, RemoteAddress list) {
  struct Slice {
    RemoteAddress begin{};
    std::uint64_t length = 0, capacity = 0;
  };
  const auto slice = PROCTOR_TRY(memory.read_value<Slice>(list));
  if (slice.length > kMaxLabels || slice.length > slice.capacity) {
    return fail(ErrorCode::implausible, "{} labels", slice.length);
  }
  std::vector<Label> entries(slice.length);
  PROCTOR_TRY_VOID(memory.read(slice.begin, std::as_writable_bytes(std::span{entries})));
  ProfileLabels labels;
  for (const Label& label : entries) PROCTOR_TRY_VOID(add(memory, label, labels));
  return labels;
}

/// Until 1.23: a map[string]string, in buckets of eight with a byte of hash for each.
Result<ProfileLabels> read_map(const MemoryReader& memory, RemoteAddress variable) {
  constexpr std::uint64_t kPerBucket = 8;
  constexpr std::uint8_t kFirstHash = 5;  // below: empty, or moved to the other array of buckets
  constexpr std::uint8_t kMaxLogBuckets = 8;
  struct Map {
    std::uint64_t count = 0;
    std::uint8_t flags = 0, log_buckets = 0;
    std::uint16_t overflows = 0;
    std::uint32_t seed = 0;
    RemoteAddress buckets{}, old_buckets{};
  };
  struct Bucket {
    std::array<std::uint8_t, kPerBucket> hashes{};
    std::array<Text, kPerBucket> keys{}, values{};
    RemoteAddress overflow{};
  };
  const auto header = PROCTOR_TRY(memory.read_value<RemoteAddress>(variable));
  const auto map = PROCTOR_TRY(memory.read_value<Map>(header));
  if (map.count > kMaxLabels || map.log_buckets > kMaxLogBuckets) {
    return fail(ErrorCode::implausible, "{} labels", map.count);
  }
  ProfileLabels labels;
  const auto read_array = [&](RemoteAddress begin, std::uint64_t size) -> Result<void> {
    for (std::uint64_t i = 0; i < size; ++i) {
      RemoteAddress at = begin + i * sizeof(Bucket);
      for (std::uint64_t chained = 0; at != RemoteAddress{} && chained < kMaxLabels; ++chained) {
        const auto bucket = PROCTOR_TRY(memory.read_value<Bucket>(at));
        for (std::size_t slot = 0; slot < kPerBucket; ++slot) {
          if (bucket.hashes[slot] < kFirstHash) continue;
          PROCTOR_TRY_VOID(add(memory, {bucket.keys[slot], bucket.values[slot]}, labels));
        }
        at = bucket.overflow;
      }
    }
    return {};
  };
  const std::uint64_t buckets = std::uint64_t{1} << map.log_buckets;
  if (map.buckets != RemoteAddress{}) PROCTOR_TRY_VOID(read_array(map.buckets, buckets));
  if (map.old_buckets != RemoteAddress{})
    PROCTOR_TRY_VOID(read_array(map.old_buckets, std::max<std::uint64_t>(buckets / 2, 1)));
  std::ranges::sort(labels);
  return labels;
}

}  // namespace

Result<ProfileLabels> read_profile_labels(const MemoryReader& memory, RemoteAddress labels, const GoLayout& layout) {
  if (labels == RemoteAddress{}) return ProfileLabels{};
  return layout.from >= kFirstWithList ? read_list(memory, labels) : read_map(memory, labels);
}

}  // namespace proctor
