#include <fmt/core.h>

#include "agent/commands/commands.h"

namespace proctor {

ExitStatus version_command() {
  fmt::print("proctor {} (revision {}, {} {}, fmt {})\n", PROCTOR_VERSION, PROCTOR_REVISION, PROCTOR_COMPILER,
             __VERSION__, FMT_VERSION);
  return ExitStatus::fine;
}

}  // namespace proctor
