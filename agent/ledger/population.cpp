#include "agent/ledger/population.h"

namespace proctor {

std::string_view to_string(PopulationKind kind) {
  switch (kind) {
    case PopulationKind::goroutine: return "goroutine";
    case PopulationKind::thread: return "thread";
    case PopulationKind::fd: return "fd";
    case PopulationKind::socket: return "socket";
    case PopulationKind::mapping: return "mapping";
    case PopulationKind::child: return "child";
    case PopulationKind::timer: return "timer";
    case PopulationKind::context: return "context";
    case PopulationKind::allocation: return "allocation";
  }
  return "unknown";
}

}  // namespace proctor
