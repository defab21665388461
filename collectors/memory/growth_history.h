#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "collectors/observation/growth_snapshot.h"
#include "collectors/os/fault_sampler.h"
#include "collectors/os/page_map.h"
#include "collectors/os/proc_root.h"
#include "collectors/sites/site_interner.h"
#include "collectors/unwind/stack_names.h"

namespace proctor {

/// Names the stacks of threads: one for each copy, in their order; null for one that cannot be named.
using NameStacks =
    std::function<Result<std::vector<std::shared_ptr<const NamedStack>>>(const ProcDir&, std::span<const ThreadCopy>)>;

/// Which code of one process took the memory that it has: its page faults are sampled, and those pages are remembered
/// until they are given back.
class GrowthHistory {
 public:
  /// `sites` outlives it.
  GrowthHistory(SiteInterner& sites, NameStacks name) : sites_(&sites), name_(std::move(name)) {}

  /// What was taken since the first look, which only begins to follow. The same object as before where nothing changed.
  /// Errors: those of FaultSampler::attach, which is tried again after a minute, of PageMap and of `name`.
  Result<std::shared_ptr<const GrowthSnapshot>> look(const ProcDir& process, MonotonicTime now);

 private:
  struct Page {
    std::size_t place = 0;  // index into places_
    double bytes = 0;       // that it stands for
  };
  static constexpr std::size_t kMostPages = 8192;
  static constexpr std::size_t kMostPlaces = 2000;

  Result<bool> take_in(const ProcDir& process, const PageMap& page_map, std::vector<PageFault> faults);
  Result<bool> leave_out(const PageMap& page_map);
  std::optional<std::size_t> place_of(const std::shared_ptr<const NamedStack>& stack);
  void thin_out();

  SiteInterner* sites_;
  NameStacks name_;
  std::optional<Result<FaultSampler>> sampler_;
  MonotonicTime attached_at_{};
  std::map<RemoteAddress, Page> pages_;
  std::vector<GrowthSnapshot::Place> places_;
  std::unordered_map<SiteId, std::size_t> known_places_;
  std::shared_ptr<const GrowthSnapshot> last_;
};

}  // namespace proctor
