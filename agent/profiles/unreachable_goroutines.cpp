#include "agent/profiles/unreachable_goroutines.h"

namespace proctor {

Result<std::shared_ptr<const GoroutineSnapshot>> unreachable_goroutines(const Observation& look) {
  if (!look.goroutines) return fail(ErrorCode::not_found, "goroutines are not collected here");
  const auto& goroutines = PROCTOR_TRY(*look.goroutines);
  if (!look.unreachable) return fail(ErrorCode::not_found, "which goroutines can never go on was not looked for yet");
  const auto& unreachable = PROCTOR_TRY(*look.unreachable);
  auto only = std::make_shared<GoroutineSnapshot>(*goroutines);
  std::erase_if(only->goroutines, [&](const GoroutineSample& goroutine) {
    return goroutine.system || unreachable->find(goroutine) == nullptr;
  });
  for (GoroutineSample& goroutine : only->goroutines) goroutine.state = GoroutineState::leaked;
  return std::shared_ptr<const GoroutineSnapshot>(std::move(only));
}

}  // namespace proctor
