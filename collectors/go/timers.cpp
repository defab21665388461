#include "collectors/go/timers.h"

#include "base/byte_cursor.h"

namespace proctor {
namespace {

constexpr std::uint64_t kMaxProcessors = 1 << 16;
constexpr std::uint64_t kMaxTimers = 500'000;
constexpr std::uint64_t kSlice = 24;  // stands before the count of timers, in every release
constexpr std::uint64_t kWord = 8;

// Until 1.22 a status, then bits.
constexpr std::uint8_t kDeleted = 3, kRemoved = 5;
constexpr std::uint8_t kZombie = 4;

struct Slice {
  RemoteAddress begin{};
  std::uint64_t length = 0;
};

template <typename T>
ReadRequest request(RemoteAddress from, T& into) {
  return {.from = from, .into = std::as_writable_bytes(std::span{&into, 1})};
}

}  // namespace

Result<std::vector<TimerList>> timer_lists(const GoProcess& process) {
  const MemoryReader& memory = process.memory();
  const auto allp = PROCTOR_TRY(memory.read_value<Slice>(process.globals().allp));
  if (allp.length > kMaxProcessors) return fail(ErrorCode::layout_mismatch, "{} processors", allp.length);
  std::vector<RemoteAddress> processors(allp.length);
  PROCTOR_TRY_VOID(memory.read(allp.begin, std::as_writable_bytes(std::span{processors})));
  std::vector<Slice> slices(processors.size());
  std::vector<ReadRequest> requests;
  for (std::size_t i = 0; i < processors.size(); ++i) {
    requests.push_back(request(processors[i] + process.layout().p.timers - kSlice, slices[i]));
  }
  PROCTOR_TRY_VOID(memory.read_many(requests));
  std::vector<TimerList> lists;
  for (std::size_t i = 0; i < processors.size(); ++i) {
    if (!requests[i].complete) return fail(ErrorCode::layout_mismatch, "a processor's timers cannot be read");
    lists.push_back({.processor = processors[i], .begin = slices[i].begin, .length = slices[i].length});
  }
  return lists;
}

Result<std::vector<TimerEntry>> list_timers(const GoProcess& process) {
  const MemoryReader& memory = process.memory();
  const std::vector<TimerList> lists = PROCTOR_TRY(timer_lists(process));
  std::vector<TimerEntry> entries;
  const bool in_pairs = process.layout().timer.in_pairs;
  for (const TimerList& list : lists) {
    if (list.length > kMaxTimers || entries.size() + list.length > kMaxTimers) {
      return fail(ErrorCode::limit_reached, "more than {} timers", kMaxTimers);
    }
    std::vector<std::uint64_t> words(list.length * (in_pairs ? 2 : 1));
    // A list that grew has moved: those who are in it are there in the next look.
    if (words.empty() || !memory.read(list.begin, std::as_writable_bytes(std::span{words}))) continue;
    for (std::size_t at = 0; at < words.size(); at += in_pairs ? 2 : 1) {
      if (words[at] == 0) continue;
      entries.push_back(
          {.timer = RemoteAddress{words[at]}, .when = in_pairs ? static_cast<std::int64_t>(words[at + 1]) : 0});
    }
  }
  return entries;
}

Result<std::vector<GoTimer>> read_timers(const GoProcess& process, std::span<const RemoteAddress> timers) {
  const TimerLayout& layout = process.layout().timer;
  const MemoryReader& memory = process.memory();
  std::vector<std::byte> bytes(timers.size() * layout.size);
  std::vector<ReadRequest> requests;
  requests.reserve(timers.size());
  for (std::size_t i = 0; i < timers.size(); ++i) {
    requests.push_back({.from = timers[i], .into = std::span{bytes}.subspan(i * layout.size, layout.size)});
  }
  PROCTOR_TRY_VOID(memory.read_many(requests));
  std::vector<GoTimer> read(timers.size());
  std::vector<ReadRequest> functions;  // a function value begins with its code
  for (std::size_t i = 0; i < timers.size(); ++i) {
    const std::span<const std::byte> timer = requests[i].into;
    const auto state = load<std::uint8_t>(timer, layout.state).value_or(0);
    read[i].dead =
        !requests[i].complete || (layout.in_pairs ? (state & kZombie) != 0 : state >= kDeleted && state <= kRemoved);
    if (read[i].dead) continue;
    read[i].period = Nanoseconds{load<std::int64_t>(timer, layout.period).value_or(0)};
    functions.push_back(
        request(load<RemoteAddress>(timer, layout.function).value_or(RemoteAddress{}), read[i].function));
    functions.push_back(
        request(load<RemoteAddress>(timer, layout.argument + kWord).value_or(RemoteAddress{}), read[i].called));
  }
  PROCTOR_TRY_VOID(memory.read_many(functions));
  return read;
}

}  // namespace proctor
