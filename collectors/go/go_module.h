#pragma once

#include <cstdint>

#include "base/address.h"
#include "base/result.h"
#include "collectors/go/layout.h"
#include "collectors/os/memory_reader.h"

namespace proctor {

/// The part of runtime.moduledata that names code. Addresses are those of the running process, lengths in bytes.
struct GoModule {
  struct Table {
    RemoteAddress begin{};
    std::uint64_t length = 0;
  };
  Table funcnametab;
  Table cutab;
  Table filetab;
  Table pctab;
  Table pclntable;            // the functions' records
  RemoteAddress ftab{};       // pairs of entry and record offset, 32 bits each
  std::uint64_t entries = 0;  // in ftab: one more than functions
  RemoteAddress text{};
  RemoteAddress etext{};
  RemoteAddress gofunc{};
  AddressRange types;  // type descriptors and their names
  Table itab_links;    // until 1.26: so many addresses of itabs
  AddressRange itabs;  // from 1.27 on: the itabs themselves
  AddressRange data;   // variables with pointers that the program begins with, and, as `bss`, those that begin as zero
  AddressRange bss;
  RemoteAddress next{};  // the moduledata of a plugin or shared library; 0 for none
};

/// Reads runtime.firstmoduledata from the live process, where a position-independent binary has been relocated, and
/// checks it against the header of its pclntab. layout_mismatch where they disagree.
Result<GoModule> read_go_module(const MemoryReader& memory, RemoteAddress moduledata, const ModuledataLayout& layout);

}  // namespace proctor
