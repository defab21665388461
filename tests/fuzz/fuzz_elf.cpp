#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "collectors/elf/dwarf_types.h"
#include "collectors/elf/elf_file.h"
#include "collectors/go/build_info.h"

/// An executable of any bytes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  proctor::UniqueFd fd{::memfd_create("elf", MFD_CLOEXEC)};
  if (::write(fd.get(), data, size) != static_cast<ssize_t>(size)) return 0;
  const auto file = proctor::ElfFile::open(std::move(fd));
  if (!file) return 0;
  constexpr std::array<std::string_view, 2> kNames{"main", "runtime.allglen"};
  (void)file->find_symbols(kNames);
  (void)file->build_id();
  (void)proctor::read_build_info(*file);
  if (const auto types = proctor::DwarfTypes::open(*file, "runtime")) (void)types->offset_of("runtime.g", "sched.sp");
  return 0;
}
