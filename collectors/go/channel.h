#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "collectors/go/go_process.h"

namespace proctor {

/// A channel as it stands: runtime.hchan.
struct GoChannel {
  RemoteAddress address{};
  std::uint64_t length = 0;    // elements in its buffer
  std::uint64_t capacity = 0;  // 0 for one without a buffer
  std::string element_type;    // "int", "struct {}"; empty where its name is not to be had
  bool closed = false;
};

/// Errors: short_read, and implausible for what cannot be a channel.
Result<GoChannel> read_channel(const GoProcess& process, RemoteAddress address);

/// The channels of a select that the goroutine whose runtime.g stands at `g` waits in, in the order of its locks.
/// Errors: torn_read where it has gone on meanwhile.
Result<std::vector<RemoteAddress>> read_select(const GoProcess& process, RemoteAddress g);

}  // namespace proctor
