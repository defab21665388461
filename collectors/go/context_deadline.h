#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/address.h"
#include "base/units.h"
#include "collectors/go/context_types.h"
#include "collectors/go/go_process.h"

namespace proctor {

/// A context in the memory of a process.
struct ContextRef {
  RemoteAddress data{};             // of the interface value: the struct
  std::optional<ContextKind> kind;  // absent where only the struct was seen: then its contents must tell
};

enum class ContextEnd : std::uint8_t { open, expired, cancelled };

/// The deadline that binds a context: its own, or that of the nearest context above it.
struct ContextDeadline {
  WallTime deadline{};
  ContextEnd end{};  // of the context that has the deadline
};

/// For each context its deadline; nothing where it has none, or where what is read cannot be a context. Contexts above
/// it that several share are read once.
std::vector<std::optional<ContextDeadline>> read_deadlines(const GoProcess& process, const ContextTypes& types,
                                                           std::span<const ContextRef> contexts);

/// How each context has ended, or the nearest above it that can be cancelled; nothing where none can be, or where it is
/// not known.
std::vector<std::optional<ContextEnd>> read_ends(const GoProcess& process, const ContextTypes& types,
                                                 std::span<const ContextRef> contexts);

/// When a time.Time of these two words is; nothing for none in this century.
std::optional<WallTime> wall_time_of(std::uint64_t wall, std::int64_t ext);

}  // namespace proctor
