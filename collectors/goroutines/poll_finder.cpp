#include "collectors/goroutines/poll_finder.h"

#include "base/byte_cursor.h"

namespace proctor {
namespace {

constexpr std::uint64_t kWord = 8;
constexpr std::uint64_t kSearched = 1024;  // bytes: the frames of the runtime and of internal/poll
constexpr std::uint64_t kMaxDescriptor = 1 << 30;

}  // namespace

std::optional<PollWait> PollFinder::find(const CapturedGoroutine& captured, std::uint32_t index) {
  auto known = offsets_.find(index);
  if (known == offsets_.end()) known = offsets_.emplace(index, learn(captured)).first;
  if (!known->second) return std::nullopt;
  const auto word = load<RemoteAddress>(captured.stack, *known->second);
  if (!word) return std::nullopt;
  return PollWait{.goroutine = captured.goroutine.address, .descriptor = *word};
}

std::optional<std::uint64_t> PollFinder::learn(const CapturedGoroutine& captured) const {
  std::vector<PollWait> candidates;
  for (std::uint64_t at = 0; at < kSearched; at += kWord) {
    const auto word = load<RemoteAddress>(captured.stack, at);
    if (!word) break;
    candidates.push_back({.goroutine = captured.goroutine.address, .descriptor = *word});
  }
  const auto descriptors = read(candidates);
  for (std::size_t i = 0; i < descriptors.size(); ++i) {
    if (descriptors[i]) return i * kWord;
  }
  return std::nullopt;
}

std::vector<std::optional<std::int32_t>> PollFinder::read(std::span<const PollWait> waits) const {
  const PollLayout& layout = process_.layout().poll;
  std::vector<std::byte> bytes(waits.size() * layout.size);
  std::vector<ReadRequest> requests;
  requests.reserve(waits.size());
  for (std::size_t i = 0; i < waits.size(); ++i) {
    requests.push_back({.from = waits[i].descriptor, .into = std::span{bytes}.subspan(i * layout.size, layout.size)});
  }
  std::vector<std::optional<std::int32_t>> descriptors(waits.size());
  if (!process_.memory().read_many(requests)) return descriptors;
  for (std::size_t i = 0; i < waits.size(); ++i) {
    if (!requests[i].complete) continue;
    const std::span<const std::byte> poll = requests[i].into;
    // It names who waits to read and who waits to write.
    const bool waits_here = load<RemoteAddress>(poll, layout.reader) == waits[i].goroutine ||
                            load<RemoteAddress>(poll, layout.writer) == waits[i].goroutine;
    const auto descriptor = load<std::uint64_t>(poll, layout.fd).value_or(kMaxDescriptor);
    if (waits_here && descriptor < kMaxDescriptor) descriptors[i] = static_cast<std::int32_t>(descriptor);
  }
  return descriptors;
}

}  // namespace proctor
