#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace proctor {

/// What one site did over many windows of the ledger, for leaks that take hours to show: the least that it held in
/// each, and how many left; the same of those alone who have been there for long.
class LongPast {
 public:
  static constexpr std::size_t kMostWindows = 24;

  struct Window {
    std::uint64_t fewest = 0;
    std::uint64_t departed = 0;

    template <class Archive>
    void serialize(Archive& archive) {
      archive(fewest, departed);
    }
  };
  struct Pair {
    Window all;
    Window old;  // there for kOldWindows

    template <class Archive>
    void serialize(Archive& archive) {
      archive(all, old);
    }
  };
  static constexpr std::uint32_t kOldWindows = 4;

  /// A look in the window of that number, with the members then and those that left since the look before.
  void note(std::uint64_t window, const Pair& now);
  /// Those that have ended, oldest first; at most kMostWindows.
  std::vector<Pair> ended() const;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(current_, windows_);
  }

 private:
  std::uint64_t current_ = 0;  // number of the last of `windows_`
  std::vector<Pair> windows_;
};

}  // namespace proctor
