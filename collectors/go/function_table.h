#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "collectors/go/go_module.h"
#include "collectors/go/layout.h"
#include "collectors/os/memory_reader.h"
#include "collectors/sites/site.h"

namespace proctor {

/// A function of the table.
struct GoFunction {
  RemoteAddress entry{};
  std::uint64_t record = 0;  // offset of its runtime._func in pclntable
};

/// A frame of a Go stack as the runtime itself would print it.
struct GoFrame {
  Frame frame;            // `file` is the path that the compiler saw
  RemoteAddress pc{};     // where execution goes on in it, as runtime.Callers gives it
  RemoteAddress entry{};  // of the physical function
  bool inlined = false;   // into the physical function
  bool wrapper = false;   // written by the compiler; the runtime leaves it out
  std::string symbol;     // with type arguments, where the runtime's texts leave them out; else empty
};

/// Names code from a Go binary's pclntab ("function table"), Go 1.18 and later. Reads through `image` only what a
/// look-up needs; the bytes are untrusted, every step is bounded.
class FunctionTable {
 public:
  FunctionTable(std::shared_ptr<const MemoryReader> image, const GoModule& module, const FuncLayout& layout)
      : image_(std::move(image)), module_(module), layout_(layout) {}

  /// not_found where no function holds `pc`.
  Result<GoFunction> function_at(RemoteAddress pc) const;
  Result<std::string> name_of(const GoFunction& function) const;
  /// The frames that stand at an instruction, inlined calls expanded, innermost first. For a return address give the
  /// address minus one.
  Result<std::vector<GoFrame>> frames_at(RemoteAddress pc) const;
  /// The physical function at an instruction with the innermost position: as a runtime's "created by" names it.
  Result<GoFrame> statement_at(RemoteAddress pc) const;
  /// The words of a frame that hold live pointers at `pc`, as distances in bytes from the frame's end, behind its
  /// return address: negative for locals, 0 and more for arguments. From the map that the collector of the runtime goes
  /// by.
  Result<std::vector<std::int64_t>> live_pointers_at(RemoteAddress pc) const;
  /// Bytes between the stack pointer and the return address at `pc` (amd64).
  Result<std::uint64_t> stack_depth_at(RemoteAddress pc) const;

 private:
  struct Record;
  struct InlinedCall;
  struct Position;

  Result<Record> read_record(const GoFunction& function) const;
  Result<std::int32_t> pc_value(std::uint32_t table, RemoteAddress entry, RemoteAddress pc) const;
  Result<Position> position_at(const GoFunction& function, const Record& record, RemoteAddress pc) const;
  Result<std::string> name_at(std::uint32_t offset) const;
  Result<GoFrame> frame_at(const GoFunction& function, const Record& record, std::uint32_t name_offset,
                           RemoteAddress pc) const;
  bool is_wrapper(const GoFunction& function) const;
  /// The offset in pctab of one of the function's numbered tables.
  std::optional<std::uint32_t> pcdata_table(const GoFunction& function, const Record& record,
                                            std::uint64_t index) const;
  std::optional<RemoteAddress> funcdata(const GoFunction& function, const Record& record, std::uint64_t index) const;
  /// The numbers of the bits that are set in a stack map's bitmap, and how many bits it has.
  struct LiveBits {
    std::vector<std::uint32_t> set;
    std::uint32_t size = 0;
  };
  Result<LiveBits> live_bits(RemoteAddress map, std::int32_t index) const;
  Result<InlinedCall> read_inlined_call(RemoteAddress tree, std::int32_t index) const;

  std::shared_ptr<const MemoryReader> image_;
  GoModule module_;
  FuncLayout layout_;
};

}  // namespace proctor
