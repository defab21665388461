#include <fmt/format.h>

#include <algorithm>

#include "agent/profiles/parts.h"
#include "agent/profiles/sampled_text.h"
#include "agent/profiles/stack_lines.h"

namespace proctor {

Result<const ContentionSnapshot*> contention_part(const Observation& look, std::string_view name) {
  const bool is_block = name == "block";
  auto part = read_part(is_block ? look.blocking : look.contended, is_block ? "block profile" : "mutex profile");
  if (part || part.error().code != ErrorCode::not_found) return part;
  return fail(ErrorCode::not_supported, "the program has sampled nothing: it calls runtime.{} to",
              is_block ? "SetBlockProfileRate" : "SetMutexProfileFraction");
}

Result<std::string> contention_text(const Observation& look, std::string_view name) {
  const ContentionSnapshot* snapshot = PROCTOR_TRY(contention_part(look, name));
  std::vector<ContentionSample> samples = snapshot->samples;
  std::ranges::stable_sort(samples, std::ranges::greater{},
                           [](const ContentionSample& sample) { return sample.contention.cycles; });
  std::string out = fmt::format("--- {}:\ncycles/second={:.0f}\n", name == "block" ? "contention" : name,
                                snapshot->cycles_per_second);
  if (snapshot->sampling_period) out += fmt::format("sampling period={}\n", *snapshot->sampling_period);
  for (const ContentionSample& sample : samples) {
    const Calls calls = snapshot->stacks[sample.stack]->calls;
    out += fmt::format("{} {} @{}\n", sample.contention.cycles, sample.contention.times, addresses_of(calls));
    add_frames(out, calls, RuntimeFrames::shown);
  }
  return out;
}

}  // namespace proctor
