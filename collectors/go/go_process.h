#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "collectors/go/build_info.h"
#include "collectors/go/function_table.h"
#include "collectors/go/go_globals.h"
#include "collectors/go/layout.h"
#include "collectors/os/proc_root.h"
#include "collectors/os/process_memory.h"

namespace proctor {

/// A running Go program, ready to be read: which release, where its variables are, how to name its code.
class GoProcess {
 public:
  /// Errors: permission_denied, target_gone, zombie; not_supported for another machine than amd64; no_go_symbols for a
  /// stripped binary whose variables are not found through its code; unsupported_go_version; layout_mismatch where the
  /// process does not fit its release.
  static Result<GoProcess> attach(const ProcDir& process);

  const std::string& version() const { return version_; }  // "go1.26.8"
  /// From the binary's DWARF where it has that, else from the table.
  const GoLayout& layout() const { return layout_; }
  const GoGlobals& globals() const { return globals_; }
  const MemoryReader& memory() const { return *memory_; }
  const GoModule& module() const { return module_; }
  const FunctionTable& functions() const { return functions_; }
  /// Beside the main module; none for a binary without build information.
  const std::vector<GoModuleVersion>& dependencies() const { return dependencies_; }
  /// Whether tracebacks of this process show the labels of goroutines: from 1.27 on, unless its build turned that off.
  bool traces_show_labels() const { return traces_show_labels_; }

 private:
  GoProcess(std::string version, const GoLayout& layout, const GoGlobals& globals,
            std::unique_ptr<const MemoryReader> memory, const GoModule& module, FunctionTable functions)
      : version_(std::move(version)),
        layout_(layout),
        globals_(globals),
        memory_(std::move(memory)),
        module_(module),
        functions_(std::move(functions)) {}

  std::string version_;
  GoLayout layout_;
  GoGlobals globals_;
  std::unique_ptr<const MemoryReader> memory_;
  GoModule module_;
  FunctionTable functions_;
  bool traces_show_labels_ = false;
  std::vector<GoModuleVersion> dependencies_;
};

}  // namespace proctor
