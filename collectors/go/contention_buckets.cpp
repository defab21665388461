#include "collectors/go/contention_buckets.h"

#include <algorithm>
#include <cstring>

#include "collectors/go/go_version.h"

namespace proctor {
namespace {

/// runtime.blockRecord, the same in all releases that are read.
struct Record {
  double count = 0;
  std::int64_t cycles = 0;
};

constexpr double kMostTimes = 1e15;
constexpr std::uint64_t kMostRate = 1'000'000'000;

}  // namespace

Result<void> ContentionBuckets::read_sampling_period() {
  if (kind_ != BucketKind::mutex) return {};
  const bool counts_for_all = PROCTOR_TRY(parse_go_version(process_->version())) >= GoVersion{.major = 1, .minor = 20};
  const RemoteAddress variable = process_->globals().mutex_profile_rate;
  if (variable == RemoteAddress{}) {
    if (counts_for_all) return {};
    return fail(ErrorCode::no_go_symbols, "the rate at which the runtime samples mutexes is not found in this binary");
  }
  const auto rate = PROCTOR_TRY(process_->memory().read_value<std::uint64_t>(variable));
  if (rate > kMostRate) return fail(ErrorCode::layout_mismatch, "a sampling rate of {}", rate);
  sampling_period_ = rate;
  if (!counts_for_all) scale_ = rate;
  return {};
}

Result<void> ContentionBuckets::read() {
  PROCTOR_TRY_VOID(list_.read());
  PROCTOR_TRY_VOID(read_sampling_period());
  const auto bytes = PROCTOR_TRY(list_.read_records(sizeof(Record)));
  buckets_.resize(list_.buckets().size());
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    Record record;
    std::memcpy(&record, bytes.data() + i * sizeof(Record), sizeof(Record));
    if (!(record.count >= 0 && record.count <= kMostTimes) || record.cycles < 0) {
      return fail(ErrorCode::layout_mismatch, "{} waits of {} cycles", record.count, record.cycles);
    }
    auto times = static_cast<std::uint64_t>(record.count);
    // A wait that is shorter than the rate may count for less than one; the runtime's profile rounds it up.
    if (kind_ == BucketKind::block) times = std::max<std::uint64_t>(times, 1);
    buckets_[i] = {.times = times, .cycles = static_cast<std::uint64_t>(record.cycles)};
  }
  return {};
}

}  // namespace proctor
