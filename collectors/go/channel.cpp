#include "collectors/go/channel.h"

#include <vector>

#include "base/byte_cursor.h"
#include "collectors/go/go_type.h"

namespace proctor {

Result<GoChannel> read_channel(const GoProcess& process, RemoteAddress address) {
  const HchanLayout& layout = process.layout().hchan;
  std::vector<std::byte> bytes(layout.size);
  PROCTOR_TRY_VOID(process.memory().read(address, bytes));
  GoChannel channel{.address = address};
  channel.length = load<std::uint64_t>(bytes, layout.qcount).value_or(0);
  channel.capacity = load<std::uint64_t>(bytes, layout.dataqsiz).value_or(0);
  const auto closed = load<std::uint32_t>(bytes, layout.closed).value_or(0);
  if (channel.length > channel.capacity || closed > 1) {
    return fail(ErrorCode::implausible, "no channel at {:#x}", number(address));
  }
  channel.closed = closed == 1;
  const auto type = load<RemoteAddress>(bytes, layout.elemtype).value_or(RemoteAddress{});
  channel.element_type = read_type_name(process, type).value_or("");
  return channel;
}

Result<std::vector<RemoteAddress>> read_select(const GoProcess& process, RemoteAddress g) {
  constexpr std::size_t kMaxCases = 64;
  const SudogLayout& layout = process.layout().sudog;
  const MemoryReader& memory = process.memory();
  const RemoteAddress waiting = g + process.layout().g.waiting;
  const auto first = PROCTOR_TRY(memory.read_value<RemoteAddress>(waiting));
  std::vector<RemoteAddress> channels;
  std::vector<std::byte> bytes(layout.size);
  for (RemoteAddress at = first; at != RemoteAddress{} && channels.size() < kMaxCases;) {
    PROCTOR_TRY_VOID(memory.read(at, bytes));
    if (load<RemoteAddress>(bytes, layout.g) != g) return fail(ErrorCode::torn_read, "the select has ended");
    channels.push_back(load<RemoteAddress>(bytes, layout.c).value_or(RemoteAddress{}));
    at = load<RemoteAddress>(bytes, layout.waitlink).value_or(RemoteAddress{});
  }
  const auto after = PROCTOR_TRY(memory.read_value<RemoteAddress>(waiting));
  if (after != first) return fail(ErrorCode::torn_read, "the select has ended");
  return channels;
}

}  // namespace proctor
