#pragma once

#include <cstdint>
#include <vector>

#include "agent/ledger/cohorts.h"

namespace proctor {

/// The most members that one site had in each eighth of the sliding window.
class Heights {
 public:
  static constexpr std::uint32_t kPeriodsEach = Cohorts::kWholePeriods / 8;

  struct Height {
    std::uint32_t period = 0;  // the first of it, numbered as in Cohorts
    std::uint64_t most = 0;

    template <class Archive>
    void serialize(Archive& archive) {
      archive(period, most);
    }
  };

  /// A look in a period, none of which is before that of the last look.
  void note(std::uint32_t period, std::uint64_t members);
  /// Oldest first, the last of which goes on; one without a look is missing.
  const std::vector<Height>& all() const { return heights_; }

  template <class Archive>
  void serialize(Archive& archive) {
    archive(heights_);
  }

 private:
  std::vector<Height> heights_;
};

}  // namespace proctor
