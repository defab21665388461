#pragma once

namespace proctor {

/// Makes the C library give memory back: texts of some megabytes are made and dropped at every round, and threads of
/// the HTTP server need no heaps of their own.
void keep_own_memory_small();

}  // namespace proctor
