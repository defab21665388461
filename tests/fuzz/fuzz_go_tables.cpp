#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>

#include "collectors/go/function_table.h"
#include "collectors/go/goroutine_reader.h"
#include "collectors/go/profile_labels.h"
#include "collectors/go/stack_walk.h"

namespace {

/// The input as the only memory there is.
class InputMemory final : public proctor::MemoryReader {
 public:
  explicit InputMemory(std::span<const std::byte> bytes) : bytes_(bytes) {}
  proctor::Result<void> read(proctor::RemoteAddress from, std::span<std::byte> into) const override {
    const std::uint64_t at = proctor::number(from);
    if (at > bytes_.size() || into.size() > bytes_.size() - at) {
      return proctor::fail(proctor::ErrorCode::short_read, "outside of the input");
    }
    std::memcpy(into.data(), bytes_.data() + at, into.size());
    return {};
  }
  proctor::Result<void> read_many(std::span<proctor::ReadRequest> requests) const override {
    for (auto& request : requests) request.complete = read(request.from, request.into).has_value();
    return {};
  }

 private:
  std::span<const std::byte> bytes_;
};

}  // namespace

/// A module, its function table, a goroutine and its stack, all of any bytes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace proctor;
  const std::span bytes{reinterpret_cast<const std::byte*>(data), size};
  const auto memory = std::make_shared<const InputMemory>(bytes);
  for (const GoLayout& layout : all_layouts()) {
    (void)read_go_module(*memory, RemoteAddress{0}, layout.moduledata);
    const GoModule::Table whole{.begin = RemoteAddress{0}, .length = size};
    const GoModule module{.funcnametab = whole,
                          .cutab = whole,
                          .filetab = whole,
                          .pctab = whole,
                          .pclntable = whole,
                          .ftab = RemoteAddress{16},
                          .entries = std::min<std::uint64_t>(size / 8, 64),
                          .text = RemoteAddress{0x1000},
                          .etext = RemoteAddress{0x2000},
                          .gofunc = RemoteAddress{0}};
    const FunctionTable functions{memory, module, layout.func};
    (void)functions.frames_at(RemoteAddress{0x1100});
    (void)functions.statement_at(RemoteAddress{0x1200});
    (void)functions.live_pointers_at(RemoteAddress{0x1300});
    (void)read_profile_labels(*memory, RemoteAddress{8}, layout);
    if (const auto g = decode_goroutine(bytes, RemoteAddress{0}, layout.g)) {
      StackWalker walker{functions};
      std::vector<RemoteAddress> pcs;
      (void)walker.walk({.goroutine = *g, .stack = bytes}, pcs);
    }
  }
  return 0;
}
