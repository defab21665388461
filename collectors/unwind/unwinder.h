#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/address.h"
#include "collectors/os/perf_ring.h"
#include "collectors/unwind/code_files.h"
#include "collectors/unwind/stack_bytes.h"

namespace proctor {

/// Why a stack has no further frame.
enum class StackEnd : std::uint8_t {
  complete,       // the thread began there
  no_table,       // the code says nothing of its frames
  made_at_run,    // code that no file backs: of a just-in-time compiler
  lost_register,  // a frame refers to a register that no inner frame saved
  too_deep,
  broken  // the stack cannot be read on, or does not hold together
};

/// Addresses of code, innermost first: where the thread stands, then return addresses.
struct NativeStack {
  struct Place {
    const LoadedCode* code = nullptr;
    LinkAddress address{};  // of an instruction of the call: for a return address, of the byte before it
  };
  std::vector<Place> places;
  StackEnd end = StackEnd::complete;
};

/// Unwinds stacks of blocked threads, of which only the stack pointer and the program counter are known, and of threads
/// that ran, of which all registers are. Not for two threads.
class Unwinder {
 public:
  static constexpr std::size_t kMostFrames = 256;

  Unwinder();
  ~Unwinder();
  Unwinder(const Unwinder&) = delete;
  Unwinder& operator=(const Unwinder&) = delete;

  /// Before the stacks of another process, or of one that has loaded other code. `code` outlives the stacks.
  void begin(std::span<const LoadedCode> code);
  NativeStack unwind(StackBytes& stack, RemoteAddress program_counter, RemoteAddress stack_pointer);
  NativeStack unwind(StackBytes& stack, const CpuRegisters& registers);

 private:
  class Walk;
  struct Space;
  /// A stack that was unwound, to be recognised in the next thread: threads of a pool all stand alike.
  struct Known {
    NativeStack stack;
    std::vector<std::uint64_t> heights;  // of each frame above the first stack pointer
    std::vector<RemoteAddress> returns;  // the word below each of them
  };
  static constexpr std::size_t kMostKnown = 16;  // at one place

  const NativeStack* recognise(StackBytes& stack, RemoteAddress program_counter, RemoteAddress stack_pointer);

  std::unique_ptr<Space> space_;
  std::span<const LoadedCode> code_;
  std::unordered_map<std::uint64_t, std::vector<Known>> known_;  // by where the innermost frame stands
};

}  // namespace proctor
