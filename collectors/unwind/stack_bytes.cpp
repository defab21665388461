#include "collectors/unwind/stack_bytes.h"

#include <algorithm>
#include <span>

#include "base/byte_cursor.h"

namespace proctor {

std::optional<std::uint64_t> StackBytes::word_at(RemoteAddress address) {
  constexpr std::uint64_t kWord = 8;
  if (address < begin_ || address + kWord > end_ || address + kWord < address) return std::nullopt;
  const std::uint64_t within = address - begin_;
  if (within + kWord > kMost) return std::nullopt;
  while (bytes_.size() < within + kWord) {
    const std::uint64_t known = bytes_.size();
    const std::uint64_t size = std::min({kPiece, end_ - begin_ - known, kMost - known});
    if (size == 0 || memory_ == nullptr) return std::nullopt;
    bytes_.resize(known + size);
    if (!memory_->read(begin_ + known, std::span{bytes_}.subspan(known))) {
      bytes_.resize(known);
      return std::nullopt;
    }
  }
  return load<std::uint64_t>(bytes_, within);
}

}  // namespace proctor
