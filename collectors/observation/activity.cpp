#include "collectors/observation/activity.h"

#include <algorithm>

namespace proctor {

bool nothing_ran(const Part<ThreadSnapshot>& now, const std::shared_ptr<const ThreadSnapshot>& before) {
  // An unchanged part is the same object. A thread that was on a processor may have gone on without a switch.
  return before != nullptr && shared_snapshot(now) == before &&
         std::ranges::none_of(before->threads, [&](const ThreadSample& thread) {
           return before->sites[thread.site]->state == "running";
         });
}

}  // namespace proctor
