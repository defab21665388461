#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "collectors/go/layout.h"
#include "collectors/os/memory_reader.h"
#include "collectors/sites/site.h"

namespace proctor {

/// The part of runtime.moduledata that names code. Addresses are those of the running process.
struct GoModule {
  RemoteAddress pclntab{};  // the header, which the section .gopclntab begins with
  RemoteAddress funcnametab{};
  RemoteAddress cutab{};
  RemoteAddress filetab{};
  RemoteAddress pctab{};
  RemoteAddress pclntable{};  // the functions' records
  RemoteAddress ftab{};
  std::uint64_t ftab_length = 0;  // entries, one more than functions
  std::uint64_t funcnametab_length = 0, cutab_length = 0, filetab_length = 0, pctab_length = 0, pclntable_length = 0;
  RemoteAddress text{};
  RemoteAddress etext{};
  RemoteAddress gofunc{};
};

/// A function of the table.
struct GoFunction {
  RemoteAddress entry{};
  RemoteAddress end{};       // the entry of the next one
  std::uint32_t record = 0;  // offset of its runtime._func in pclntable
};

/// Names code from a Go binary's pclntab ("function table"), Go 1.18 and later. Reads through `image` only what a
/// look-up needs; the bytes are untrusted, every step is bounded.
class FunctionTable {
 public:
  /// Checks the header against `module`. no_go_symbols or malformed where they disagree.
  static Result<FunctionTable> open(std::shared_ptr<const MemoryReader> image, const GoModule& module,
                                    const FuncLayout& layout);

  /// not_found where no function holds `pc`.
  Result<GoFunction> function_at(RemoteAddress pc) const;
  Result<std::string> name_of(const GoFunction& function) const;
  /// The frames that stand at an instruction, inlined calls expanded, innermost first. For a return address give the
  /// address minus one.
  Result<std::vector<Frame>> frames_at(RemoteAddress pc) const;
  /// Bytes between the stack pointer and the return address at `pc` (amd64).
  Result<std::uint64_t> stack_depth_at(RemoteAddress pc) const;
  /// A linear search by exact name; for the few functions of the runtime that lead to its globals.
  Result<GoFunction> find(std::string_view name) const;

 private:
  FunctionTable(std::shared_ptr<const MemoryReader> image, const GoModule& module, const FuncLayout& layout)
      : image_(std::move(image)), module_(module), layout_(layout) {}

  std::shared_ptr<const MemoryReader> image_;
  GoModule module_;
  FuncLayout layout_;
};

}  // namespace proctor
