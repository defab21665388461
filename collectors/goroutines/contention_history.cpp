#include "collectors/goroutines/contention_history.h"

namespace proctor {

Result<std::shared_ptr<const ContentionSnapshot>> ContentionHistory::look() {
  PROCTOR_TRY_VOID(buckets_.read());
  while (stack_of_.size() < buckets_.buckets().size()) {
    stack_of_.push_back(stacks_.index_of(buckets_.stack(stack_of_.size())));
  }
  auto snapshot = std::make_shared<ContentionSnapshot>();
  snapshot->cycles_per_second = cycles_->per_second();
  snapshot->sampling_period = buckets_.sampling_period();
  snapshot->scale = buckets_.scale();
  snapshot->stacks = stacks_.all();
  for (std::size_t i = 0; i < stack_of_.size(); ++i) {
    snapshot->samples.push_back({.stack = stack_of_[i], .contention = buckets_.buckets()[i]});
  }
  return snapshot;
}

}  // namespace proctor
