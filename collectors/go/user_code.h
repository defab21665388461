#pragma once

#include <span>
#include <string_view>

#include "collectors/go/build_info.h"
#include "collectors/sites/site.h"

namespace proctor {

/// The first frame, from the innermost outwards, that the user wrote: not of the runtime, the standard library or a
/// library that only starts goroutines for others (errgroup, conc, ants). Where all are such, the first that is
/// neither runtime, sync nor internal; else the innermost. nullptr for no frames.
const Frame* user_frame(std::span<const Frame> frames);

/// The module, of those given, that a function comes from: the one with the longest path that its package is within.
/// nullptr for the main module's and the standard library's.
const GoModuleVersion* module_of(std::span<const GoModuleVersion> modules, std::string_view function);

/// Whether runtime.NumGoroutine leaves out a goroutine that began in this function.
bool is_system_goroutine(std::string_view start_function);

}  // namespace proctor
