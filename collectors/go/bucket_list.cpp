#include "collectors/go/bucket_list.h"

#include <span>
#include <utility>

namespace proctor {

/// runtime.bucket, the same in all releases that are read; its stack and then its counts follow it.
struct BucketList::Header {
  RemoteAddress next_of_hash{};
  RemoteAddress next{};  // runtime.bucket.allnext
  BucketKind kind{};
  std::uint64_t hash = 0;
  std::uint64_t block = 0;
  std::uint64_t depth = 0;
};

namespace {

constexpr std::uint64_t kMaxDepth = 1024;  // what GODEBUG=profstackdepth allows
constexpr std::size_t kMaxBuckets = 100'000;
constexpr std::uint64_t kMaxBlock = std::uint64_t{1} << 47;

const std::vector<RemoteAddress>& candidates_of(const GoGlobals& globals, BucketKind kind) {
  switch (kind) {
    case BucketKind::block: return globals.block_buckets;
    case BucketKind::mutex: return globals.mutex_buckets;
    case BucketKind::memory: break;
  }
  return globals.memory_buckets;
}

}  // namespace

Result<BucketList::Header> BucketList::read_header(RemoteAddress bucket) const {
  const auto header = PROCTOR_TRY(process_->memory().read_value<Header>(bucket));
  if (header.kind != kind_ || header.depth > kMaxDepth || header.block > kMaxBlock) {
    return fail(ErrorCode::layout_mismatch, "{:#x} is no bucket of this profile", number(bucket));
  }
  return header;
}

Result<void> BucketList::find() {
  const auto& candidates = candidates_of(process_->globals(), kind_);
  if (candidates.empty()) {
    return fail(ErrorCode::no_go_symbols, "the runtime's sampling buckets are not found in this binary");
  }
  for (const RemoteAddress candidate : candidates) {
    const auto newest = process_->memory().read_value<RemoteAddress>(candidate);
    if (!newest || *newest == RemoteAddress{} || !read_header(*newest)) continue;
    list_ = candidate;
    return {};
  }
  return fail(ErrorCode::not_found, "the program has no sample of this kind yet");
}

Result<void> BucketList::read() {
  if (!list_) PROCTOR_TRY_VOID(find());
  const auto newest = PROCTOR_TRY(process_->memory().read_value<RemoteAddress>(*list_));
  std::vector<std::pair<RemoteAddress, Header>> added;
  // New ones are put before those that are known.
  for (RemoteAddress at = newest; at != newest_ && at != RemoteAddress{};) {
    if (buckets_.size() + added.size() >= kMaxBuckets) {
      return fail(ErrorCode::limit_reached, "the profile has more than {} buckets", kMaxBuckets);
    }
    const Header header = PROCTOR_TRY(read_header(at));
    added.emplace_back(at, header);
    at = header.next;
  }
  std::vector<ReadRequest> requests;
  std::vector<std::vector<RemoteAddress>> stacks;
  requests.reserve(added.size());
  stacks.reserve(added.size());
  for (auto bucket = added.rbegin(); bucket != added.rend(); ++bucket) {
    stacks.emplace_back(bucket->second.depth);
    requests.push_back(
        {.from = bucket->first + sizeof(Header), .into = std::as_writable_bytes(std::span{stacks.back()})});
  }
  PROCTOR_TRY_VOID(process_->memory().read_many(requests));
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (!requests[i].complete) {
      return fail(ErrorCode::layout_mismatch, "the stack at {:#x} cannot be read", number(requests[i].from));
    }
    const Header& header = added[added.size() - 1 - i].second;
    buckets_.push_back({.record = requests[i].from + requests[i].into.size(), .block = Bytes{header.block}});
    stacks_.push_back(std::move(stacks[i]));
  }
  newest_ = newest;
  return {};
}

Result<std::vector<std::byte>> BucketList::read_records(std::size_t size) const {
  std::vector<std::byte> bytes(buckets_.size() * size);
  std::vector<ReadRequest> requests;
  requests.reserve(buckets_.size());
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    requests.push_back({.from = buckets_[i].record, .into = std::span{bytes}.subspan(i * size, size)});
  }
  PROCTOR_TRY_VOID(process_->memory().read_many(requests));
  for (const ReadRequest& request : requests) {
    if (!request.complete) {
      return fail(ErrorCode::layout_mismatch, "the counts at {:#x} cannot be read", number(request.from));
    }
  }
  return bytes;
}

}  // namespace proctor
