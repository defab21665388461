#pragma once

#include <gelf.h>
#include <libelf.h>

#include <memory>

namespace proctor {

struct EndElf {
  void operator()(Elf* elf) const { ::elf_end(elf); }
};

/// libelf's view of an open file, without a mapping: a mapped file that shrinks kills its reader.
using ElfHandle = std::unique_ptr<Elf, EndElf>;

inline ElfHandle begin_elf(int fd) {
  ::elf_version(EV_CURRENT);
  return ElfHandle{::elf_begin(fd, ELF_C_READ, nullptr)};
}

}  // namespace proctor
