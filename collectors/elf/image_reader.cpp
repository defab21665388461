#include "collectors/elf/image_reader.h"

#include <algorithm>
#include <cstring>

namespace proctor {
namespace {

constexpr std::uint64_t kBlockBytes = 4096;
constexpr std::size_t kMaxBlocks = 1024;

}  // namespace

/// The block of link addresses `index`, or null where the file does not back the whole of it.
const std::vector<std::byte>* ImageReader::block(std::uint64_t index) const {
  if (const auto known = blocks_.find(index); known != blocks_.end()) return &known->second;
  std::vector<std::byte> bytes(kBlockBytes);
  if (!file_->read_at(LinkAddress{index * kBlockBytes}, bytes)) return nullptr;
  // Dropping all at once is cheap to tell and to do; what is still needed comes back from the page cache.
  if (blocks_.size() >= kMaxBlocks) blocks_.clear();
  return &blocks_.emplace(index, std::move(bytes)).first->second;
}

Result<void> ImageReader::read(RemoteAddress from, std::span<std::byte> into) const {
  if (into.empty()) return {};
  const std::uint64_t link = number(from) - number(bias_);
  const std::uint64_t first = link / kBlockBytes;
  const std::uint64_t within = link % kBlockBytes;
  // Short pieces within a block come from memory, all others straight from the file.
  if (within + into.size() <= kBlockBytes) {
    if (const auto* bytes = block(first)) {
      std::memcpy(into.data(), bytes->data() + within, into.size());
      return {};
    }
  }
  return file_->read_at(LinkAddress{link}, into);
}

Result<void> ImageReader::read_many(std::span<ReadRequest> requests) const {
  for (ReadRequest& request : requests) request.complete = read(request.from, request.into).has_value();
  return {};
}

}  // namespace proctor
