#include "collectors/go/heap_buckets.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <span>

namespace proctor {

/// runtime.bucket, the same in all releases that are read; its stack and then its counts follow it.
struct HeapBuckets::Header {
  RemoteAddress next_of_hash{};
  RemoteAddress next{};  // runtime.bucket.allnext
  std::uint64_t type = 0;
  std::uint64_t hash = 0;
  std::uint64_t block = 0;
  std::uint64_t depth = 0;
};

namespace {

constexpr std::uint64_t kMemoryBucket = 1;
constexpr std::uint64_t kMaxDepth = 1024;  // what GODEBUG=profstackdepth allows
constexpr std::size_t kMaxBuckets = 100'000;
constexpr std::uint64_t kMaxBlock = std::uint64_t{1} << 47;
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

Result<HeapBuckets::Header> HeapBuckets::read_header(RemoteAddress bucket) const {
  const auto header = PROCTOR_TRY(process_->memory().read_value<Header>(bucket));
  if (header.type != kMemoryBucket || header.depth > kMaxDepth || header.block > kMaxBlock) {
    return fail(ErrorCode::layout_mismatch, "{:#x} is no bucket of the memory profile", number(bucket));
  }
  return header;
}

Result<void> HeapBuckets::find_list() {
  const auto& candidates = process_->globals().memory_buckets;
  if (candidates.empty()) {
    return fail(ErrorCode::no_go_symbols, "the runtime's sampling buckets are not found in this binary");
  }
  for (const RemoteAddress candidate : candidates) {
    const auto newest = process_->memory().read_value<RemoteAddress>(candidate);
    if (!newest || *newest == RemoteAddress{} || !read_header(*newest)) continue;
    list_ = candidate;
    return {};
  }
  return fail(ErrorCode::not_supported, "the program has sampled no allocation");
}

Result<void> HeapBuckets::read_new() {
  const auto newest = PROCTOR_TRY(process_->memory().read_value<RemoteAddress>(*list_));
  struct New {
    RemoteAddress address;
    Header header;
  };
  std::vector<New> added;
  // New ones are put before those that are known.
  for (RemoteAddress at = newest; at != newest_ && at != RemoteAddress{};) {
    if (buckets_.size() + added.size() >= kMaxBuckets) {
      return fail(ErrorCode::limit_reached, "the memory profile has more than {} buckets", kMaxBuckets);
    }
    const Header header = PROCTOR_TRY(read_header(at));
    added.push_back({at, header});
    at = header.next;
  }
  std::vector<ReadRequest> requests;
  std::vector<std::vector<RemoteAddress>> stacks;
  requests.reserve(added.size());
  stacks.reserve(added.size());
  for (auto bucket = added.rbegin(); bucket != added.rend(); ++bucket) {
    stacks.emplace_back(bucket->header.depth);
    requests.push_back(
        {.from = bucket->address + sizeof(Header), .into = std::as_writable_bytes(std::span{stacks.back()})});
  }
  PROCTOR_TRY_VOID(process_->memory().read_many(requests));
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (!requests[i].complete) {
      return fail(ErrorCode::layout_mismatch, "the stack at {:#x} cannot be read", number(requests[i].from));
    }
    records_.push_back(requests[i].from + requests[i].into.size());
    buckets_.push_back({.block = Bytes{added[added.size() - 1 - i].header.block}});
    stacks_.push_back(std::move(stacks[i]));
  }
  newest_ = newest;
  return {};
}

Result<void> HeapBuckets::read_counts() {
  const std::uint32_t stride = process_->layout().heap_cycle_size;
  std::vector<std::byte> bytes(records_.size() * kCycles * stride);
  std::vector<ReadRequest> requests;
  requests.reserve(records_.size());
  for (std::size_t i = 0; i < records_.size(); ++i) {
    requests.push_back(
        {.from = records_[i], .into = std::span{bytes}.subspan(i * kCycles * stride, kCycles * std::size_t{stride})});
  }
  PROCTOR_TRY_VOID(process_->memory().read_many(requests));
  std::vector<std::array<Cycle, kCycles>> cycles(records_.size());
  bool any = false;
  for (std::size_t i = 0; i < records_.size(); ++i) {
    if (!requests[i].complete) {
      return fail(ErrorCode::layout_mismatch, "the counts at {:#x} cannot be read", number(records_[i]));
    }
    for (std::size_t cycle = 0; cycle < kCycles; ++cycle) {
      std::memcpy(&cycles[i][cycle], requests[i].into.data() + cycle * stride, sizeof(Cycle));
    }
    any = any || cycles[i][0].allocated != 0;
  }
  // Before the first collection has ended nothing is told yet: then the runtime too adds up what is to come.
  const std::size_t told = any ? 1 : kCycles;
  for (std::size_t i = 0; i < records_.size(); ++i) {
    HeapBucket& bucket = buckets_[i];
    bucket.allocated = 0;
    bucket.freed = 0;
    for (std::size_t cycle = 0; cycle < told; ++cycle) {
      bucket.allocated += cycles[i][cycle].allocated;
      bucket.freed += cycles[i][cycle].freed;
    }
    bucket.freed = std::min(bucket.freed, bucket.allocated);
  }
  return {};
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
  if (!list_) PROCTOR_TRY_VOID(find_list());
  PROCTOR_TRY_VOID(read_new());
  return read_counts();
}

}  // namespace proctor
