#include "collectors/select/executables.h"

#include <sys/stat.h>

#include <string_view>

#include "collectors/elf/elf_file.h"
#include "collectors/go/build_info.h"

namespace proctor {
namespace {

constexpr std::size_t kMaxKnown = 4096;

/// The runtime that an interpreter's name tells.
Runtime runtime_of_name(std::string_view exe) {
  const std::string_view base = exe.substr(exe.rfind('/') + 1);
  if (base == "java") return Runtime::jvm;
  if (base == "node" || base == "nodejs") return Runtime::node;
  if (base.starts_with("python") || base.starts_with("pypy")) return Runtime::python;
  return Runtime::native;
}

Executable read_executable(UniqueFd fd, std::string_view exe) {
  Executable executable{.runtime = runtime_of_name(exe)};
  const auto file = ElfFile::open(std::move(fd));
  if (!file) return executable;
  executable.build_id = file->build_id();
  if (const auto info = read_build_info(*file)) {
    executable.runtime = Runtime::go;
    executable.runtime_version = info->go_version;
    executable.module = info->module;
    executable.module_version = info->module_version;
    executable.revision = info->revision;
  } else if (file->section(".gopclntab") != nullptr || file->section(".data.rel.ro.gopclntab") != nullptr ||
             info.error().code == ErrorCode::unsupported_go_version) {
    executable.runtime = Runtime::go;
  }
  return executable;
}

}  // namespace

const Executable& Executables::of(const ProcDir& process, const std::string& exe) {
  static const Executable unknown;
  auto file = process.open_file("exe");
  if (!file) return unknown;
  struct stat status {};
  if (::fstat(file->get(), &status) != 0) return unknown;
  const FileKey key{status.st_dev, status.st_ino, status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
                    static_cast<std::uint64_t>(status.st_size)};
  if (const auto known = known_.find(key); known != known_.end()) return known->second;
  if (known_.size() >= kMaxKnown) known_.clear();
  return known_.emplace(key, read_executable(*std::move(file), exe)).first->second;
}

}  // namespace proctor
