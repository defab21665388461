#include <cstddef>
#include <cstdint>
#include <span>

#include "collectors/jvm/perf_data.h"

/// Counters that a process which says that it is a JVM may have written.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)proctor::parse_perf_data(std::as_bytes(std::span{data, size}));
  return 0;
}
