#include "agent/platform/own_memory.h"

#include <malloc.h>

namespace proctor {

void keep_own_memory_small() {
  constexpr int kMapAbove = 256 << 10;
  ::mallopt(M_MMAP_THRESHOLD, kMapAbove);  // fixed: the default grows with the largest block that was freed
  ::mallopt(M_TRIM_THRESHOLD, kMapAbove);
  ::mallopt(M_ARENA_MAX, 2);
}

}  // namespace proctor
