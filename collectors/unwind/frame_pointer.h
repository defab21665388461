#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/address.h"
#include "collectors/unwind/code_files.h"
#include "collectors/unwind/stack_bytes.h"

namespace proctor {

/// The frame pointer of a function that keeps one, where no inner frame saved it: from what the function's first
/// instructions put on the stack, and where its stack pointer is now. Behind it must stand a return address that
/// follows a call. Where the function moves its stack pointer as it goes: the nearest return to a direct call of it.
/// It is a guess still: a stack that goes by it holds only if it leads to the thread's beginning.
std::optional<RemoteAddress> recover_frame_pointer(const LoadedCode& code, RemoteAddress function,
                                                   RemoteAddress program_counter, RemoteAddress stack_pointer,
                                                   StackBytes& stack, std::span<const LoadedCode> all);

/// The code that holds an address; nullptr for none.
const LoadedCode* code_at(std::span<const LoadedCode> all, RemoteAddress address);

}  // namespace proctor
