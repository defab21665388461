#include "collectors/os/running_threads.h"

#include <linux/perf_event.h>
#include <poll.h>

#include <algorithm>
#include <chrono>

namespace proctor {
namespace {

constexpr PerfRing::Event kTick{.type = PERF_TYPE_SOFTWARE,
                                .config = PERF_COUNT_SW_TASK_CLOCK,
                                .period = 50'000,  // nanoseconds of its own time
                                .once = true};
constexpr std::size_t kRingBytes = std::size_t{32} << 10;  // one sample
constexpr auto kPatience = std::chrono::milliseconds{20};

}  // namespace

Result<std::vector<ThreadCopy>> copy_running_threads(const ProcDir& process, std::span<const Tid> threads) {
  std::vector<ThreadCopy> copies;
  if (threads.empty()) return copies;
  if (!PROCTOR_TRY(process.has_our_numbers())) {
    return fail(ErrorCode::not_supported, "threads of another PID namespace have other numbers for events");
  }
  std::vector<PerfRing> rings;
  for (const Tid thread : threads.first(std::min(threads.size(), kMostCopied))) {
    auto ring = PerfRing::open(kTick, thread, -1, kRingBytes);
    if (ring) {
      rings.push_back(*std::move(ring));
    } else if (ring.error().code != ErrorCode::target_gone) {
      return tl::unexpected(std::move(ring).error());
    }
  }
  const auto take = [&](const PerfSample& sample) {
    if (sample.pid != process.pid()) return;
    copies.push_back(
        {.tid = sample.tid, .registers = sample.registers, .stack = {sample.stack.begin(), sample.stack.end()}});
  };
  std::vector<pollfd> waits;
  waits.reserve(rings.size());
  for (const PerfRing& ring : rings) waits.push_back({.fd = ring.fd(), .events = POLLIN, .revents = 0});
  const auto end = std::chrono::steady_clock::now() + kPatience;
  // One that waits for a processor may come to run, or to sleep: then there is nothing to wait for.
  for (std::size_t open = rings.size(); open > 0;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    if (left.count() <= 0 || ::poll(waits.data(), waits.size(), static_cast<int>(left.count())) <= 0) break;
    for (std::size_t i = 0; i < rings.size(); ++i) {
      if (waits[i].fd < 0 || waits[i].revents == 0) continue;
      rings[i].drain(take);
      waits[i].fd = -1;
      --open;
    }
  }
  return copies;
}

}  // namespace proctor
