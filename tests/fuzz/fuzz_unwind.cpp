#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "collectors/elf/code_names.h"
#include "collectors/unwind/unwinder.h"

namespace {

constexpr std::uint64_t kCode = 0x400000;
constexpr std::uint64_t kStack = 0x7ffe00000000;
constexpr std::size_t kStackBytes = 512;

/// A stack of any bytes.
class Stack final : public proctor::MemoryReader {
 public:
  explicit Stack(std::vector<std::byte> bytes) : bytes_(std::move(bytes)) {}
  proctor::Result<void> read(proctor::RemoteAddress from, std::span<std::byte> into) const override {
    const std::uint64_t within = number(from) - kStack;
    if (within > bytes_.size() || into.size() > bytes_.size() - within) {
      return proctor::fail(proctor::ErrorCode::short_read, "past the end");
    }
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(within), into.size(), into.begin());
    return {};
  }
  proctor::Result<void> read_many(std::span<proctor::ReadRequest> requests) const override {
    for (proctor::ReadRequest& request : requests) request.complete = read(request.from, request.into).has_value();
    return {};
  }

 private:
  std::vector<std::byte> bytes_;
};

}  // namespace

/// A stack of any bytes in a program of any bytes: an ELF file, whose last 512 bytes are the stack.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace proctor;
  if (size <= kStackBytes) return 0;
  const auto bytes = std::as_bytes(std::span{data, size});
  UniqueFd fd{::memfd_create("code", MFD_CLOEXEC)};
  if (::write(fd.get(), data, size - kStackBytes) != static_cast<ssize_t>(size - kStackBytes)) return 0;
  auto file = ElfFile::open(std::move(fd));
  if (!file) return 0;
  const auto entry = file->entry();
  const auto code = std::make_shared<CodeFile>("code", *std::move(file), 0);
  (void)name_code(code->file(), std::array{entry, LinkAddress{number(entry) + 64}});
  const std::vector<LoadedCode> loaded{
      {.range = {RemoteAddress{kCode}, RemoteAddress{kCode + (1 << 20)}}, .bias = LoadBias{kCode}, .code = code}};
  const auto tail = bytes.last(kStackBytes);
  const Stack memory{{tail.begin(), tail.end()}};
  StackBytes stack{memory, RemoteAddress{kStack}, RemoteAddress{kStack + kStackBytes}};
  Unwinder unwinder;
  unwinder.begin(loaded);
  for (const std::uint64_t at : {number(entry), std::uint64_t{0x1000}, std::uint64_t{0x1200}}) {
    (void)unwinder.unwind(stack, RemoteAddress{kCode + at}, RemoteAddress{kStack});
  }
  return 0;
}
