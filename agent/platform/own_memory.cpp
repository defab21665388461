#include "agent/platform/own_memory.h"

#include <malloc.h>
#include <unistd.h>

#include <fstream>

namespace proctor {

void keep_own_memory_small() {
  constexpr int kMapAbove = 256 << 10;
  ::mallopt(M_MMAP_THRESHOLD, kMapAbove);  // fixed: the default grows with the largest block that was freed
  ::mallopt(M_TRIM_THRESHOLD, kMapAbove);
  ::mallopt(M_ARENA_MAX, 2);
}

Bytes own_resident_memory() {
  std::ifstream statm{"/proc/self/statm"};
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  const long page = ::sysconf(_SC_PAGESIZE);
  if (page <= 0 || !(statm >> size >> resident)) return Bytes{0};
  return Bytes{resident * static_cast<std::uint64_t>(page)};
}

Bytes trim_own_memory() {
  ::malloc_trim(0);
  return own_resident_memory();
}

}  // namespace proctor
