#include <fmt/format.h>

#include <algorithm>

#include "agent/profiles/parts.h"
#include "agent/profiles/sampled_text.h"
#include "agent/profiles/stack_lines.h"

namespace proctor {
namespace {

std::uint64_t held_objects(const HeapBucket& bucket) { return bucket.allocated - bucket.freed; }
std::uint64_t held_bytes(const HeapBucket& bucket) { return held_objects(bucket) * count(bucket.block); }
std::uint64_t all_bytes(const HeapBucket& bucket) { return bucket.allocated * count(bucket.block); }

void add_memory_figures(std::string& out, const Observation& look) {
  const auto figures = read_part(look.go_runtime, "figures");
  if (!figures) return;
  const GoRuntimeFigures* go = *figures;
  out += fmt::format("\n# runtime.MemStats\n# Alloc = {0}\n# HeapAlloc = {0}\n# NumGC = {1}\n", count(go->heap_live),
                     go->gc_cycles);
}

}  // namespace

Result<std::string> heap_text(const Observation& look) {
  const HeapSnapshot* snapshot = PROCTOR_TRY(read_part(look.heap, "memory profile"));
  std::vector<HeapSample> samples = snapshot->samples;
  std::ranges::stable_sort(samples, {}, [](const HeapSample& sample) { return held_bytes(sample.bucket); });
  std::uint64_t objects = 0;
  std::uint64_t bytes = 0;
  std::uint64_t objects_ever = 0;
  std::uint64_t bytes_ever = 0;
  for (const auto& [site, stack, bucket] : samples) {
    objects += held_objects(bucket);
    bytes += held_bytes(bucket);
    objects_ever += bucket.allocated;
    bytes_ever += all_bytes(bucket);
  }
  // Equal sums would tell pprof that there are two columns only; and it takes the rate for twice what it is.
  if (bytes_ever == bytes) ++bytes_ever;
  std::string out = fmt::format("heap profile: {}: {} [{}: {}] @ heap/{}\n", objects, bytes, objects_ever, bytes_ever,
                                2 * snapshot->sampling_rate);
  for (const auto& [site, stack, bucket] : samples) {
    const Calls calls = snapshot->stacks[stack]->calls;
    out += fmt::format("{}: {} [{}: {}] @{}\n", held_objects(bucket), held_bytes(bucket), bucket.allocated,
                       all_bytes(bucket), addresses_of(calls));
    add_frames(out, calls, RuntimeFrames::hidden_above);
  }
  add_memory_figures(out, look);
  return out;
}

}  // namespace proctor
