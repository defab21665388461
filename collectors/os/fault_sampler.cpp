#include "collectors/os/fault_sampler.h"

#include <linux/perf_event.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>

namespace proctor {
namespace {

// Faults between two samples. Prime, lest they keep in step with a loop that allocates.
constexpr auto kPeriods = std::to_array<std::uint64_t>({17, 67, 257, 1031, 4099, 16411, 65537});
constexpr std::size_t kFew = 4;    // samples at a look
constexpr int kMostQuiet = 10;     // looks
constexpr double kMostLost = 1.5;  // times as many as what was sampled stands for

constexpr std::size_t kAllRings = std::size_t{4} << 20;
constexpr std::size_t kLeastRing = std::size_t{128} << 10;
constexpr std::size_t kMostRing = std::size_t{1} << 20;

}  // namespace

Result<std::vector<FaultSampler::Processor>> FaultSampler::open(const ProcDir& process, std::uint64_t period) {
  const PerfRing::Event fault{
      .type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_PAGE_FAULTS_MIN, .period = period, .inherited = true};
  const auto threads = PROCTOR_TRY(process.list_numbers("task"));
  const auto processors = static_cast<std::size_t>(std::max(1L, ::sysconf(_SC_NPROCESSORS_CONF)));
  if (threads.size() * processors > kMostEvents) {
    return fail(ErrorCode::limit_reached, "{} threads on {} processors are too many for events of each", threads.size(),
                processors);
  }
  const std::size_t ring_bytes = std::bit_floor(std::clamp(kAllRings / processors, kLeastRing, kMostRing));
  std::vector<Processor> opened;
  for (std::size_t processor = 0; processor < processors; ++processor) {
    bool begun = false;
    for (const std::int32_t thread : threads) {
      const int cpu = static_cast<int>(processor);
      Result<void> added;
      if (begun) {
        added = opened.back().ring.add(fault, Tid{thread}, cpu);
      } else if (auto ring = PerfRing::open(fault, Tid{thread}, cpu, ring_bytes)) {
        opened.push_back({.ring = *std::move(ring)});
        begun = true;
      } else {
        added = tl::unexpected(std::move(ring).error());
      }
      // A thread may have ended, a processor may be switched off.
      if (!added && added.error().code != ErrorCode::target_gone && added.error().code != ErrorCode::not_found) {
        return tl::unexpected(std::move(added).error());
      }
    }
  }
  if (opened.empty()) return fail(ErrorCode::target_gone, "process {} has ended", number(process.pid()));
  // The numbers were those of this process if it is still there.
  if (const auto stat = process.read_record("stat"); !stat) return tl::unexpected(stat.error());
  return opened;
}

Result<FaultSampler> FaultSampler::attach(const ProcDir& process) {
  if (!PROCTOR_TRY(process.has_our_numbers())) {
    return fail(ErrorCode::not_supported, "threads of another PID namespace have other numbers for events");
  }
  FaultSampler sampler;
  sampler.processors_ = PROCTOR_TRY(open(process, kPeriods.front()));
  return sampler;
}

Result<std::vector<PageFault>> FaultSampler::take(const ProcDir& process) {
  std::vector<PageFault> faults;
  bool too_often = false;
  for (Processor& processor : processors_) {
    const std::size_t begin = faults.size();
    processor.ring.drain([&](const PerfSample& sample) {
      if (sample.pid != process.pid()) return;
      faults.push_back(
          {.address = sample.address,
           .thread = {
               .tid = sample.tid, .registers = sample.registers, .stack = {sample.stack.begin(), sample.stack.end()}}});
    });
    const std::size_t sampled = faults.size() - begin;
    if (sampled == 0) continue;
    // Those that found no room are taken to be like the others.
    const std::uint64_t count = processor.ring.count();
    const double share = static_cast<double>(count - processor.told) / static_cast<double>(sampled);
    const double without_loss = static_cast<double>(kPeriods.at(pace_));
    too_often = too_often || (share > kMostLost * without_loss && sampled >= kFew);
    for (std::size_t i = begin; i < faults.size(); ++i) faults[i].faults = share;
    processor.told = count;
  }
  quiet_looks_ = faults.size() < kFew ? quiet_looks_ + 1 : 0;
  std::size_t pace = pace_;
  if (too_often) pace = std::min(pace_ + 1, kPeriods.size() - 1);
  if (quiet_looks_ > kMostQuiet && pace_ > 0) --pace;
  if (pace != pace_) {
    processors_.clear();
    processors_ = PROCTOR_TRY(open(process, kPeriods.at(pace)));
    pace_ = pace;
    quiet_looks_ = 0;
  }
  return faults;
}

}  // namespace proctor
