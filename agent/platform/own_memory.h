#pragma once

#include "base/units.h"

namespace proctor {

/// Makes the C library give memory back: texts of some megabytes are made and dropped at every round, and threads of
/// the HTTP server need no heaps of their own.
void keep_own_memory_small();

/// Gives back what is free, and tells what the agent holds then; 0 where procfs is not there.
Bytes trim_own_memory();
/// What the agent holds; 0 where procfs is not there.
Bytes own_resident_memory();

}  // namespace proctor
