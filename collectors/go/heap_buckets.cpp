#include "collectors/go/heap_buckets.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

namespace proctor {
namespace {

constexpr std::int64_t kMaxRate = std::int64_t{1} << 40;
constexpr std::size_t kCycles = 4;  // what is told, and three collections that are not yet

/// runtime.memRecordCycle: until 1.26 two sums of bytes follow, which the size of the block tells as well.
struct Cycle {
  std::uint64_t allocated = 0;
  std::uint64_t freed = 0;
};

}  // namespace

HeapEstimate unsampled(std::uint64_t objects, Bytes block, std::uint64_t sampling_rate) {
  const auto size = static_cast<double>(count(block));
  const auto sampled = static_cast<double>(objects);
  if (objects == 0 || size == 0) return {};
  // A block is sampled with the probability that one of its bytes is the one in so many.
  const double scale = sampling_rate <= 1 ? 1 : 1 / (1 - std::exp(-size / static_cast<double>(sampling_rate)));
  return {.objects = sampled * scale, .bytes = sampled * size * scale};
}

bool samples_allocations(const GoProcess& process) {
  const RemoteAddress rate = process.globals().memory_profile_rate;
  return rate != RemoteAddress{} && process.memory().read_value<std::int64_t>(rate).value_or(0) > 0;
}

Result<void> HeapBuckets::read() {
  const GoGlobals& globals = process_->globals();
  if (globals.memory_profile_rate == RemoteAddress{}) {
    return fail(ErrorCode::no_go_symbols, "the runtime's sampling rate is not found in this binary");
  }
  const auto rate = PROCTOR_TRY(process_->memory().read_value<std::int64_t>(globals.memory_profile_rate));
  if (rate < 0 || rate > kMaxRate) return fail(ErrorCode::layout_mismatch, "a sampling rate of {}", rate);
  if (rate == 0) return fail(ErrorCode::not_supported, "the program does not sample: runtime.MemProfileRate is 0");
  sampling_rate_ = static_cast<std::uint64_t>(rate);
  PROCTOR_TRY_VOID(list_.read());

  const std::size_t stride = process_->layout().heap_cycle_size;
  const auto bytes = PROCTOR_TRY(list_.read_records(kCycles * stride));
  std::vector<std::array<Cycle, kCycles>> cycles(list_.buckets().size());
  bool any = false;
  for (std::size_t i = 0; i < cycles.size(); ++i) {
    for (std::size_t cycle = 0; cycle < kCycles; ++cycle) {
      std::memcpy(&cycles[i][cycle], bytes.data() + (i * kCycles + cycle) * stride, sizeof(Cycle));
    }
    any = any || cycles[i][0].allocated != 0;
  }
  // Before the first collection has ended nothing is told yet: then the runtime too adds up what is to come.
  const std::size_t told = any ? 1 : kCycles;
  buckets_.resize(cycles.size());
  for (std::size_t i = 0; i < cycles.size(); ++i) {
    HeapBucket& bucket = buckets_[i];
    bucket = {.block = list_.buckets()[i].block};
    for (std::size_t cycle = 0; cycle < told; ++cycle) {
      bucket.allocated += cycles[i][cycle].allocated;
      bucket.freed += cycles[i][cycle].freed;
    }
    bucket.freed = std::min(bucket.freed, bucket.allocated);
  }
  return {};
}

}  // namespace proctor
