#include "collectors/unwind/native_stacks.h"

#include <algorithm>
#include <optional>

namespace proctor {
namespace {

/// The end of the mapping that holds a stack pointer.
std::optional<RemoteAddress> end_of_stack(std::span<const MemoryMapping> mappings, RemoteAddress stack_pointer) {
  const auto after = std::ranges::upper_bound(mappings, stack_pointer, {},
                                              [](const MemoryMapping& entry) { return entry.range.begin; });
  if (after == mappings.begin() || !std::prev(after)->range.contains(stack_pointer)) return std::nullopt;
  return std::prev(after)->range.end;
}

}  // namespace

Result<std::vector<std::shared_ptr<const NamedStack>>> NativeStacks::read(const ProcDir& process,
                                                                          std::span<const BlockedThread> threads) {
  const ProcessMemory memory = PROCTOR_TRY(ProcessMemory::open(process));
  const std::vector<MemoryMapping> mappings = PROCTOR_TRY(read_memory_map(process));
  const std::vector<LoadedCode> code = files_.loaded_in(process, mappings, memory);
  unwinder_.begin(code);
  std::vector<NativeStack> raw(threads.size());
  for (std::size_t i = 0; i < threads.size(); ++i) {
    const RemoteAddress stack_pointer{threads[i].call.stack_pointer};
    const auto end = end_of_stack(mappings, stack_pointer);
    if (!end) continue;
    StackBytes bytes{memory, stack_pointer, *end};
    NativeStack stack = unwinder_.unwind(bytes, RemoteAddress{threads[i].call.program_counter}, stack_pointer);
    const auto now = read_schedstat(process, threads[i].tid);
    if (!now || *now != threads[i].sched) continue;
    raw[i] = std::move(stack);
  }
  return names_.name(raw);
}

Result<std::vector<std::shared_ptr<const NamedStack>>> NativeStacks::name(const ProcDir& process,
                                                                          std::span<const ThreadCopy> copies) {
  const ProcessMemory memory = PROCTOR_TRY(ProcessMemory::open(process));
  const std::vector<MemoryMapping> mappings = PROCTOR_TRY(read_memory_map(process));
  const std::vector<LoadedCode> code = files_.loaded_in(process, mappings, memory);
  unwinder_.begin(code);
  std::vector<NativeStack> raw;
  raw.reserve(copies.size());
  for (const ThreadCopy& copy : copies) {
    StackBytes bytes{copy.registers.stack_pointer(), copy.stack};
    raw.push_back(unwinder_.unwind(bytes, copy.registers));
    // It goes on where the copy ends.
    if (raw.back().end == StackEnd::broken && copy.stack.size() >= PerfRing::kStackBytes) {
      raw.back().end = StackEnd::too_deep;
    }
  }
  return names_.name(raw);
}

}  // namespace proctor
