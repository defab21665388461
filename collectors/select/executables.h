#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>

#include "collectors/select/process_facts.h"
#include "collectors/select/target.h"

namespace proctor {

/// What an executable file says of what runs in it.
struct Executable {
  Runtime runtime = Runtime::native;
  std::string runtime_version;
  std::string module;
  std::string module_version;
  std::string revision;
  std::string build_id;
};

/// Reads executables, each file once however many processes run it. Bounded.
class Executables {
 public:
  /// Of a process, through its own link, so that a deleted or another container's file is read too. A file that may
  /// not be read, or is damaged, says nothing.
  const Executable& of(const ProcDir& process, const std::string& exe);

 private:
  using FileKey = std::tuple<std::uint64_t, std::uint64_t, std::int64_t, std::int64_t, std::uint64_t>;
  std::map<FileKey, Executable> known_;
};

}  // namespace proctor
