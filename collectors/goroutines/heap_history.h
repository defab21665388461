#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "collectors/go/go_process.h"
#include "collectors/go/heap_buckets.h"
#include "collectors/go/user_code.h"
#include "collectors/goroutines/profile_stacks.h"
#include "collectors/observation/heap_snapshot.h"
#include "collectors/sites/site.h"

namespace proctor {

/// The sampled allocations of one Go process over many looks.
class HeapHistory {
 public:
  /// Both outlive it.
  HeapHistory(const GoProcess& process, const UserCode& user_code)
      : process_(&process), user_code_(&user_code), buckets_(process), stacks_(process.functions()) {}

  /// The allocations now. `collections` is how many the process has ended: the counts change with them alone, so that
  /// without a new one the snapshot is the same object as before. Errors: those of HeapBuckets::read.
  Result<std::shared_ptr<const HeapSnapshot>> look(std::uint64_t collections);

 private:
  void name_new();
  std::uint32_t site_of(const ProfiledStack& stack);

  const GoProcess* process_;
  const UserCode* user_code_;
  HeapBuckets buckets_;
  std::vector<HeapSample> samples_;  // by bucket, the counts of the last look
  std::vector<SiteRef> sites_;
  ProfileStacks stacks_;  // blocks of other sizes share one
  std::vector<std::uint32_t> sites_of_stacks_;
  std::unordered_map<SiteId, std::uint32_t> known_sites_;
  std::uint64_t collections_ = 0;
  std::uint64_t collections_before_ = 0;  // at the look before the last
  std::shared_ptr<const HeapSnapshot> last_;
};

}  // namespace proctor
