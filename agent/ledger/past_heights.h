#pragma once

#include <optional>
#include <vector>

#include "base/units.h"

namespace proctor {

/// How high one figure has stood for at least half a window at a time, over the last 192 windows: two days, by default.
class PastHeights {
 public:
  PastHeights() = default;  // to be read from an archive
  explicit PastHeights(Nanoseconds window) : slot_(window / 2) {}

  void add(MonotonicTime at, double value);
  /// The highest before an instant; nothing where it was not followed for so long.
  std::optional<double> highest_before(MonotonicTime at) const;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(slot_, slot_begin_, slot_end_, floor_, recent_, blocks_);
  }

 private:
  static constexpr int kSlots = 16;  // of one block
  static constexpr int kBlocks = 24;
  struct Block {
    MonotonicTime begin{};
    MonotonicTime end{};  // of its last slot
    double highest = 0;

    template <class Archive>
    void serialize(Archive& archive) {
      archive(begin, end, highest);
    }
  };

  void close_slot();

  Nanoseconds slot_{};
  std::optional<MonotonicTime> slot_begin_;
  MonotonicTime slot_end_{};
  double floor_ = 0;           // of the slot that goes on
  std::vector<Block> recent_;  // of one slot each, not folded yet
  std::vector<Block> blocks_;  // oldest first
};

}  // namespace proctor
