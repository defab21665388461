#include <cstddef>
#include <cstdint>
#include <string_view>

#include "config/load.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)proctor::parse_config({reinterpret_cast<const char*>(data), size}, "fuzz.yaml");
  return 0;
}
