#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "collectors/elf/elf_file.h"

namespace proctor {

/// A module that a binary was built with.
struct GoModuleVersion {
  std::string path;     // "github.com/nats-io/nats.go", as it is imported
  std::string version;  // of what was built; of a replacement that is a folder, empty
};

/// What the Go linker wrote about how a binary was built.
struct GoBuildInfo {
  std::string go_version;  // "go1.26.8", verbatim
  std::string module;      // path of the main module; empty where there is none
  std::string module_version;
  std::string default_godebug;  // settings of the runtime that the main module asked for: "tracebacklabels=0,..."
  std::vector<GoModuleVersion> dependencies;  // at most 4,096
  std::string revision;                       // vcs.revision, with "-dirty" where vcs.modified
};

/// From the section .go.buildinfo, or the first writable segment. not_found for a binary that has none.
Result<GoBuildInfo> read_build_info(const ElfFile& file);

}  // namespace proctor
