#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "collectors/go/go_process.h"

namespace proctor {

/// What wakes a goroutine.
enum class Wait : std::uint8_t {
  none,      // not another goroutine: it can go on
  for_ever,  // nothing: its channel is nil, or its select has no case
  object     // who has a channel, lock, group or condition
};

/// A goroutine as who-refers-to-what needs it.
struct LiveGoroutine {
  RemoteAddress address{};  // of its runtime.g
  std::uint64_t goid = 0;
  AddressRange stack;       // what of it can hold pointers
  RemoteAddress waiting{};  // its first sudog
  RemoteAddress object{};   // the first that it waits for, once that is read
  std::uint8_t token = 0;   // g.trackingSeq
  Wait wait = Wait::none;
  bool for_lock = false;
  bool runs = false;     // at this moment
  bool can_run = false;  // what it refers to is reached
};

struct GoroutineList {
  std::vector<RemoteAddress> structs;  // every runtime.g, those of the dead included
  std::vector<LiveGoroutine> living;
};

/// Errors: limit_reached for more than a million, or for a stack of more than 64 MiB; torn_read; those of the reads.
Result<GoroutineList> list_live_goroutines(const GoProcess& process);

/// A goroutine in the queue of what it waits for; one for each case of a select.
struct WaitEntry {
  std::size_t goroutine = 0;  // index
  RemoteAddress object{};     // a channel, or the semaphore or list of a sync type
  RemoteAddress sudog{};
};

/// What those with Wait::object wait for. Where it is not told, or one has moved since, it becomes Wait::none.
Result<std::vector<WaitEntry>> read_wait_entries(const GoProcess& process, std::span<LiveGoroutine> goroutines);

}  // namespace proctor
