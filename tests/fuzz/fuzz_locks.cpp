#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "collectors/locks/futex_lock.h"

/// A futex call and the bytes around its word, all of any bytes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace proctor;
  ThreadSystemCall call;
  if (size < sizeof(call)) return 0;
  std::memcpy(&call, data, sizeof(call));
  call.number = 202;  // futex
  const auto wait = futex_wait_of(call);
  if (!wait) return 0;
  (void)decode_lock(*wait, std::as_bytes(std::span{data + sizeof(call), size - sizeof(call)}));
  return 0;
}
